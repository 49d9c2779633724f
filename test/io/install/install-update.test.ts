/**
 * Replacing a program by its update: the preflight, the kept program, the journal, and what is undone when a step fails.
 *
 * @module
 */
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { link, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PeerpatchError } from '../../../src/core/base/errors.ts';
import { encodeJournal } from '../../../src/core/install/journal.ts';
import type { FileCalls } from '../../../src/io/install/file-calls.ts';
import { installFolderPaths, openInstallFolderSync } from '../../../src/io/install/install-folder.ts';
import { readJournalSync } from '../../../src/io/install/journal-file.ts';
import type { ReplaceOptions } from '../../../src/io/install/replace-parts.ts';
import { replaceFile } from '../../../src/io/install/replace.ts';
import { failure } from '../../support/stamp-samples.ts';
import { useTempFolder } from '../../support/temp-folder.ts';
import { HAS_MODES } from '../../support/this-system.ts';

const FROM = { version: '1.0.0', id: 'a1'.repeat(32) };
const TO = { version: '1.1.0', id: 'b2'.repeat(32) };
const NEXT = { version: '1.2.0', id: 'c3'.repeat(32) };
const KEPT = '1.0.0~a1a1a1a1a1a1a1a1';

const calls: FileCalls = {
  rename,
  link,
  copy: () => Promise.reject(new Error('not in this test')),
  remove: (path) => rm(path, { force: true }),
};
const errno = (code: string) => Object.assign(new Error(code), { code });

describe('replacing a program by its update', () => {
  const folder = useTempFolder();
  const app = (): string => folder.join('app');
  const installed = (): string => readFileSync(app(), 'latin1');
  const paths = () => installFolderPaths(app());
  const kept = (): string => readFileSync(join(paths().previous, KEPT), 'latin1');

  async function prepare(options: Partial<ReplaceOptions> = {}): Promise<ReplaceOptions> {
    if (!existsSync(app())) writeFileSync(app(), 'old', { mode: 0o755 });
    const stagedPath = folder.join('.staged');
    rmSync(stagedPath, { force: true });
    writeFileSync(stagedPath, 'new program');
    const staged = await open(stagedPath, 'r+');
    return {
      target: app(),
      stagedPath,
      staged,
      sizeBytes: 11,
      old: await stat(app()),
      update: { to: TO, from: FROM },
      ...options,
    };
  }

  it('keeps the old program, and says in the journal what it is and what came in its place', async () => {
    const before = statSync(folder.path).mode;
    await replaceFile(await prepare());
    expect(installed()).toBe('new program');
    expect(kept()).toBe('old');
    if (HAS_MODES) expect(statSync(join(paths().previous, KEPT)).mode & 0o777).toBe(0o755);
    expect(readJournalSync(paths())).toMatchObject({
      phase: 'probation',
      to: TO,
      from: FROM,
      previous: KEPT,
      starts: 0,
    });
    expect(folder.list()).toEqual(['.app.peerpatch', 'app']);
    if (HAS_MODES) expect(statSync(paths().path).mode & 0o777).toBe(before & 0o775);
  });

  it('tries the staged program when nobody writes to it any more, with the old one in place', async () => {
    const seen: string[] = [];
    await replaceFile(
      await prepare({
        preflight: ({ path, programPath, to }) => {
          seen.push(readFileSync(path, 'latin1'), readFileSync(programPath, 'latin1'), to.id);
          expect(existsSync(paths().journal)).toBe(false);
          return Promise.resolve();
        },
      }),
    );
    expect(seen).toEqual(['new program', 'old', TO.id]);
  });

  it('replaces nothing and keeps no journal when the preflight fails', async () => {
    const refusal = new PeerpatchError('PREFLIGHT_FAILED', 'it exited with 1');
    const options = await prepare({ preflight: () => Promise.reject(refusal) });
    await expect(replaceFile(options)).rejects.toBe(refusal);
    expect(installed()).toBe('old');
    expect(existsSync(paths().journal)).toBe(false);
  });

  it('CANCELLED: stopped during the preflight', async () => {
    const stop = new AbortController();
    const update = { to: TO, from: FROM, signal: stop.signal };
    const preflight = (): Promise<void> => {
      stop.abort();
      return Promise.resolve();
    };
    await expect(replaceFile(await prepare({ update, preflight }))).rejects.toEqual(failure('CANCELLED'));
    expect(installed()).toBe('old');
  });

  it.each([
    [
      'a byte is added',
      (path: string) => {
        appendFileSync(path, '!');
      },
    ],
    [
      'its bytes are changed, length and time kept',
      (path: string) => {
        const { atime, mtime } = statSync(path);
        writeFileSync(path, 'evil progra');
        utimesSync(path, atime, mtime);
      },
    ],
    [
      'another file takes its name',
      (path: string) => {
        writeFileSync(`${path}2`, 'evil progra');
        renameSync(`${path}2`, path);
      },
    ],
    [
      'a link takes its name',
      (path: string) => {
        renameSync(path, `${path}2`);
        symlinkSync(`${path}2`, path);
      },
    ],
    [
      'it gets a second name',
      (path: string) => {
        linkSync(path, `${path}2`);
      },
    ],
    [
      'its mode changes',
      (path: string) => {
        chmodSync(path, 0o777);
      },
    ],
    [
      'it is removed',
      (path: string) => {
        rmSync(path);
      },
    ],
  ])('INSTALL_FAILED: between closing and publishing %s', async (_name, attack) => {
    const options = await prepare({
      preflight: async ({ path }) => {
        await new Promise((resolve) => setTimeout(resolve, 20)); // file times tick every few milliseconds
        attack(path);
      },
    });
    await expect(replaceFile(options)).rejects.toEqual(failure('INSTALL_FAILED'));
    expect(installed()).toBe('old');
    expect(existsSync(paths().journal)).toBe(false);
  });

  it('INSTALL_FAILED: another program was put in place during the preflight, and stays', async () => {
    const options = await prepare({
      preflight: () => {
        writeFileSync(folder.join('other'), 'what the package manager installed');
        renameSync(folder.join('other'), app());
        return Promise.resolve();
      },
    });
    await expect(replaceFile(options)).rejects.toEqual(failure('INSTALL_FAILED'));
    expect(installed()).toBe('what the package manager installed');
    expect(existsSync(paths().journal)).toBe(false);
    expect(existsSync(join(paths().previous, KEPT))).toBe(false);
  });

  it('goes back to the last proven program when the one in place is on probation', async () => {
    await replaceFile(await prepare());
    await replaceFile(await prepare({ update: { to: NEXT, from: TO } }));
    expect(readJournalSync(paths())).toMatchObject({ to: NEXT, from: FROM, over: TO, previous: KEPT });
    expect(kept()).toBe('old');
  });

  it('replaces a journal that is damaged, and tells', async () => {
    const warnings: string[] = [];
    writeFileSync(app(), 'old');
    writeFileSync(openInstallFolderSync(app()).journal, 'garbage');
    await replaceFile(await prepare({ onWarning: ({ code }) => warnings.push(code) }));
    expect(readJournalSync(paths())).toMatchObject({ to: TO });
    expect(warnings).toEqual(['INSTALL_STATE_DAMAGED']);
  });

  it.each([
    ['no journal', undefined],
    [
      'the journal of the last install',
      encodeJournal({ format: 1, phase: 'rolled-back', from: TO, to: FROM, reason: 'x', at: 1, told: true }),
    ],
  ])('leaves the old program and %s when the rename fails', async (_name, before) => {
    writeFileSync(app(), 'old');
    if (before !== undefined) writeFileSync(openInstallFolderSync(app()).journal, before);
    const failing = {
      ...calls,
      rename: (from: string, to: string) => (to === app() ? Promise.reject(errno('EIO')) : rename(from, to)),
    };
    const options = await prepare({ system: { isWindows: false, calls: failing } });
    await expect(replaceFile(options)).rejects.toMatchObject({ code: 'EIO' });
    expect(installed()).toBe('old');
    expect(existsSync(paths().journal)).toBe(before !== undefined);
    if (before !== undefined) expect(readFileSync(paths().journal)).toEqual(Buffer.from(before));
  });

  it('keeps a copy where there are no links', async () => {
    const copies: string[] = [];
    const unlinked: FileCalls = {
      ...calls,
      link: () => Promise.reject(errno('EPERM')),
      copy: (from, to) => {
        copies.push(from);
        writeFileSync(to, readFileSync(from));
        return Promise.resolve();
      },
    };
    await replaceFile(await prepare({ system: { isWindows: false, calls: unlinked } }));
    expect(copies).toEqual([app()]);
    expect(kept()).toBe('old');
  });

  describe('as on Windows', () => {
    it('moves the running program aside, and the new one in', async () => {
      const moves: string[] = [];
      const noted: FileCalls = {
        ...calls,
        link: () => Promise.reject(new Error('not asked for')),
        rename: (from, to) => {
          moves.push(`${from.replace(folder.path, '')} > ${to.replace(folder.path, '')}`.replaceAll('\\', '/'));
          return rename(from, to);
        },
      };
      await replaceFile(await prepare({ system: { isWindows: true, calls: noted } }));
      expect(moves).toEqual([`/app > /.app.peerpatch/previous/${KEPT}`, '/.staged > /app']);
      expect(installed()).toBe('new program');
      expect(kept()).toBe('old');
      expect(readJournalSync(paths())).toMatchObject({ to: TO, from: FROM, previous: KEPT });
    });

    it('moves nothing over a program that is kept already: a thin parent may run it, as after a roll back', async () => {
      const options = await prepare();
      mkdirSync(paths().previous, { recursive: true });
      linkSync(app(), join(paths().previous, KEPT));
      const { ino } = statSync(app());
      const over: string[] = [];
      const noted: FileCalls = {
        ...calls,
        rename: (from, to) => {
          if (existsSync(to)) over.push(to);
          return rename(from, to);
        },
      };
      await replaceFile({ ...options, system: { isWindows: true, calls: noted } });
      expect(over).toEqual([]);
      expect(installed()).toBe('new program');
      expect(statSync(join(paths().previous, KEPT)).ino).toBe(ino);
      const aside = folder.list().filter((name) => /^\.app\.\d+-[0-9a-f]{12}\.peerpatch$/.test(name));
      expect(aside.map((name) => statSync(folder.join(name)).ino)).toEqual([ino]);
    });

    it('moves the old program back when the new one cannot be moved in', async () => {
      const failing: FileCalls = {
        ...calls,
        rename: (from, to) => (from.endsWith('.staged') ? Promise.reject(errno('EBUSY')) : rename(from, to)),
      };
      const options = await prepare({ system: { isWindows: true, calls: failing } });
      await expect(replaceFile(options)).rejects.toMatchObject({ code: 'EBUSY' });
      expect(installed()).toBe('old');
      expect(existsSync(paths().journal)).toBe(false);
    });
  });
});
