import { spawnSync } from 'node:child_process';
import { utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type * as FilePromises from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { removeLeftovers, stagedPath } from '../../../src/io/install/leftovers.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

/** Of files that the system does not remove, whoever asks: what it says. */
const refused = vi.hoisted(() => new Map<string, string>());
vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof FilePromises>();
  const rm: typeof real.rm = (path, options) => {
    const code = refused.get(String(path));
    return code === undefined ? real.rm(path, options) : Promise.reject(Object.assign(new Error(code), { code }));
  };
  return { ...real, rm };
});
afterEach(() => {
  refused.clear();
});

const MINUTE_MS = 60_000;
/** The number of a process that has ended. */
const DEAD = spawnSync(process.execPath, ['--version']).pid;
const NOW = Date.now();

describe('leftovers', () => {
  const folder = useTempFolder();
  const HEX = '0123456789ab';

  /** Puts a staged file there that was last written so many minutes ago. */
  function leave(name: string, minutesAgo: number): void {
    writeFileSync(folder.join(name), 'x');
    const seconds = (NOW - minutesAgo * MINUTE_MS) / 1000;
    utimesSync(folder.join(name), seconds, seconds);
  }

  it.each([
    ['of a dead process', DEAD, 3],
    ['of the start before with the same process number', process.pid, 3],
    ['of a number that is in use, after more than a day', process.ppid, 24 * 60 + 1],
  ])('are removed: %s', async (_name, pid, minutesAgo) => {
    leave(`.app.${pid}-${HEX}.peerpatch`, minutesAgo);
    await removeLeftovers(folder.join('app'), NOW);
    expect(folder.list()).toEqual([]);
  });

  it.each([
    ['written a moment ago: it may belong to another container', `.app.${DEAD}-${HEX}.peerpatch`, 1],
    ['of a living process', `.app.${process.ppid}-${HEX}.peerpatch`, 60],
    ['of another program', `.other.${DEAD}-${HEX}.peerpatch`, 60],
    ['of a program whose name begins the same', `.app.exe.${DEAD}-${HEX}.peerpatch`, 60],
    ['that are no staged files', `.app.${DEAD}-${HEX}.peerpatch.txt`, 60],
    ['without a process number', `.app.x-${HEX}.peerpatch`, 60],
    ['that are the program itself', 'app', 60],
  ])('stay: %s', async (_name, name, minutesAgo) => {
    leave(name, minutesAgo);
    await removeLeftovers(folder.join('app'), NOW);
    expect(folder.list()).toEqual([name]);
  });

  it.each(['EPERM', 'EBUSY', 'EACCES'])(
    'that run still, which Windows says by %s, keep no install from its work',
    async (code) => {
      const [held, free] = [`.app.${DEAD}-${HEX}.peerpatch`, `.app.${DEAD}-${HEX.replace('0', 'f')}.peerpatch`];
      for (const name of [held, free]) leave(name, 24 * 60 + 1);
      refused.set(folder.join(held), code);
      await removeLeftovers(folder.join('app'), NOW);
      expect(folder.list()).toEqual([held]);
    },
  );

  it('that cannot be removed for another reason are told', async () => {
    const name = `.app.${DEAD}-${HEX}.peerpatch`;
    leave(name, 3);
    refused.set(folder.join(name), 'EIO');
    await expect(removeLeftovers(folder.join('app'), NOW)).rejects.toMatchObject({ code: 'EIO' });
  });

  it('have names of their own, hidden, in the folder of the program', () => {
    const [first, second] = [stagedPath(folder.join('app')), stagedPath(folder.join('app'))];
    expect(dirname(first)).toBe(folder.path);
    expect(basename(first)).toMatch(new RegExp(`^\\.app\\.${process.pid}-[0-9a-f]{12}\\.peerpatch$`));
    expect(second).not.toBe(first);
  });

  it('have names that fit, however long that of the program is', async () => {
    const target = folder.join('é'.repeat(120));
    writeFileSync(stagedPath(target), 'x');
    expect(folder.list()).toHaveLength(1);
    await removeLeftovers(target, NOW + 10 * MINUTE_MS);
    expect(folder.list()).toEqual([]);
  });
});
