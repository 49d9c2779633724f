import { existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { copyFile, link, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { afterRollBack, journalOfInstall } from '../../../src/core/install/journal.ts';
import type { FileCalls } from '../../../src/io/install/file-calls.ts';
import { installFolderPaths } from '../../../src/io/install/install-folder.ts';
import { readJournalSync, writeJournalSync } from '../../../src/io/install/journal-file.ts';
import { listPreviousPrograms } from '../../../src/io/install/previous-programs.ts';
import { isQuarantined, listQuarantined } from '../../../src/io/install/quarantine.ts';
import { replaceFile } from '../../../src/io/install/replace.ts';
import { rollBack } from '../../../src/io/install/roll-back.ts';
import { failure } from '../../support/stamp-samples.ts';
import { useTempFolder } from '../../support/temp-folder.ts';
import { HAS_MODES } from '../../support/this-system.ts';

const FROM = { version: '1.0.0', id: 'a1'.repeat(32) };
const TO = { version: '1.1.0', id: 'b2'.repeat(32) };
const NEWER = { version: '1.2.0', id: 'c3'.repeat(32) };
const KEPT = '1.0.0~a1a1a1a1a1a1a1a1';
const nowMs = 1_700_000_000_000;

describe('rolling back', () => {
  const folder = useTempFolder();
  const app = (): string => folder.join('app');
  const paths = () => installFolderPaths(app());
  const env = () => ({ XDG_STATE_HOME: folder.join('state'), HOME: folder.path });
  const installed = (): string => readFileSync(app(), 'latin1');
  const back = (options: Partial<Parameters<typeof rollBack>[0]> = {}) =>
    rollBack({ programPath: app(), reason: 'it hung', nowMs, env: env(), ...options });

  async function update(): Promise<void> {
    writeFileSync(app(), 'old', { mode: 0o755 });
    const stagedPath = folder.join('.staged');
    writeFileSync(stagedPath, 'new program');
    const staged = await open(stagedPath, 'r+');
    const old = await stat(app());
    await replaceFile({ target: app(), stagedPath, staged, sizeBytes: 11, old, update: { to: TO, from: FROM } });
  }

  it('puts the previous program back, keeps it, and writes down why', async () => {
    await update();
    expect(await back()).toEqual({ from: TO, to: FROM, reason: 'it hung' });
    expect(installed()).toBe('old');
    if (HAS_MODES) expect(statSync(app()).mode & 0o777).toBe(0o755);
    expect(readJournalSync(paths())).toEqual({
      format: 1,
      phase: 'rolled-back',
      from: TO,
      to: FROM,
      reason: 'it hung',
      at: nowMs,
      told: false,
    });
    expect(listPreviousPrograms(paths()).map(({ name }) => name)).toEqual([KEPT]);
    expect(folder.list()).toEqual(['.app.peerpatch', 'app', 'state']);
  });

  it('keeps the bad release out, here and for other copies of this user', async () => {
    await update();
    await back();
    expect(isQuarantined(app(), TO.id, env())).toBe(true);
    expect(isQuarantined(app(), FROM.id, env())).toBe(false);
    writeFileSync(folder.join('copy'), 'another copy');
    expect(isQuarantined(folder.join('copy'), TO.id, env())).toBe(true);
    expect(listQuarantined(app(), env())).toEqual([{ ...TO, reason: 'it hung', at: nowMs }]);
  });

  it('does not, when people only want to go back', async () => {
    await update();
    await back({ keepsRelease: true });
    expect(installed()).toBe('old');
    expect(listQuarantined(app(), env())).toEqual([]);
  });

  describe('of the release at fault', () => {
    const journal = () => readJournalSync(paths());
    const quarantined = () => listQuarantined(app(), env());
    /** A newer release is put over the one on probation. */
    async function updateAgain(): Promise<void> {
      await update();
      writeJournalSync(paths(), journalOfInstall({ to: NEWER, from: TO, before: journal(), nowMs }));
      writeFileSync(app(), 'newer program');
    }

    it('is the same where the journal is about it', async () => {
      await update();
      expect(await back({ bad: TO })).toEqual({ from: TO, to: FROM, reason: 'it hung' });
      expect(installed()).toBe('old');
    });

    it('leaves a newer release in its place, and keeps the one at fault out', async () => {
      await updateAgain();
      const before = journal();
      expect(await back({ bad: TO })).toBeUndefined();
      expect(installed()).toBe('newer program');
      expect(journal()).toEqual(before);
      expect(quarantined()).toEqual([{ ...TO, reason: 'it hung', at: nowMs }]);
    });

    it('keeps out neither what proved itself meanwhile nor what waits behind it', async () => {
      await update();
      rmSync(paths().journal);
      writeJournalSync(paths(), journalOfInstall({ to: NEWER, from: TO, before: undefined, nowMs }));
      expect(await back({ bad: TO })).toBeUndefined();
      expect(installed()).toBe('new program');
      expect(quarantined()).toEqual([]);
    });

    it('finds it taken back by another copy, and has nothing left to do', async () => {
      await update();
      await back();
      const before = journal();
      expect(await back({ bad: TO, reason: 'again' })).toBeUndefined();
      expect(journal()).toEqual(before);
      expect(quarantined()).toEqual([{ ...TO, reason: 'it hung', at: nowMs }]);
    });

    it('keeps it out when the newer release was taken back before', async () => {
      await updateAgain();
      writeJournalSync(paths(), afterRollBack({ to: NEWER, from: FROM }, { reason: 'it crashed', nowMs }));
      expect(await back({ bad: TO })).toBeUndefined();
      expect(quarantined()).toEqual([{ ...TO, reason: 'it hung', at: nowMs }]);
    });

    it('INSTALL_FAILED when it is what another roll back went back to', async () => {
      await update();
      writeJournalSync(paths(), afterRollBack({ to: NEWER, from: TO }, { reason: 'it crashed', nowMs }));
      await expect(back({ bad: TO })).rejects.toEqual(failure('INSTALL_FAILED'));
      expect(quarantined()).toEqual([]);
    });
  });

  it('follows a link in the path of the program', async () => {
    await update();
    symlinkSync(app(), folder.join('link'));
    await back({ programPath: folder.join('link') });
    expect(installed()).toBe('old');
    expect(readFileSync(folder.join('link'), 'latin1')).toBe('old');
  });

  it('ends what was cut short: again from the start, and behind the rename', async () => {
    await update();
    await back({ system: { isWindows: false, calls: { ...calls, rename: () => Promise.reject(errno('EIO')) } } }).catch(
      () => undefined,
    );
    expect(installed()).toBe('new program');
    await back();
    expect(installed()).toBe('old');
    rmSync(paths().previous, { recursive: true });
    await back({ isBack: true, plan: { to: TO, from: FROM, previous: KEPT } });
    expect(readJournalSync(paths())).toMatchObject({ phase: 'rolled-back' });
    expect(installed()).toBe('old');
  });

  it.each([
    [
      'nothing was ever installed',
      () => {
        writeFileSync(app(), 'new program');
        return Promise.resolve();
      },
    ],
    [
      'the new program has proven itself',
      async () => {
        await update();
        rmSync(paths().journal);
      },
    ],
    [
      'the kept program is gone',
      async () => {
        await update();
        rmSync(join(paths().previous, KEPT));
      },
    ],
    [
      'the kept program is a link',
      async () => {
        await update();
        rmSync(join(paths().previous, KEPT));
        symlinkSync('/bin/sh', join(paths().previous, KEPT));
      },
    ],
  ])('INSTALL_FAILED: %s; the program in place stays, and nothing is quarantined', async (_name, prepare) => {
    await prepare();
    await expect(back()).rejects.toEqual(failure('INSTALL_FAILED'));
    expect(installed()).toBe('new program');
    expect(listQuarantined(app(), env())).toEqual([]);
  });

  it('INSTALL_STATE_DAMAGED: the journal cannot be read', async () => {
    await update();
    writeFileSync(paths().journal, 'garbage');
    await expect(back()).rejects.toEqual(failure('INSTALL_STATE_DAMAGED'));
    expect(installed()).toBe('new program');
  });

  const errno = (code: string) => Object.assign(new Error(code), { code });
  const calls: FileCalls = {
    rename,
    link,
    copy: () => Promise.reject(new Error('no')),
    remove: (path) => rm(path, { force: true }),
  };

  const noLinks: FileCalls = { ...calls, link: () => Promise.reject(errno('EPERM')) };
  const noRoom: FileCalls = { ...noLinks, copy: () => Promise.reject(errno('ENOSPC')) };

  it.each([
    ['there are links', calls, true],
    ['a copy fits', { ...noLinks, copy: (from: string, to: string) => copyFile(from, to) }, true],
    ['there are no links, and no room for a copy', noRoom, false],
    ['not even a name fits', { ...calls, link: () => Promise.reject(errno('EDQUOT')) }, false],
  ])('puts the program back where %s', async (_name, some, isKept) => {
    await update();
    await back({ system: { isWindows: false, calls: some } });
    expect(installed()).toBe('old');
    expect(listPreviousPrograms(paths())).toHaveLength(isKept ? 1 : 0);
    expect(readJournalSync(paths())).toMatchObject({ phase: 'rolled-back', to: FROM });
    expect(folder.list()).toEqual(['.app.peerpatch', 'app', 'state']);
  });

  it('without room for a copy keeps the kept program where it is until it is back, on Windows too', async () => {
    await update();
    const failing = { ...noRoom, rename: () => Promise.reject(errno('EIO')) };
    await expect(back({ system: { isWindows: false, calls: failing } })).rejects.toEqual(failure('INSTALL_FAILED'));
    expect(listPreviousPrograms(paths())).toHaveLength(1);
    expect(installed()).toBe('new program');
    await back({ system: { isWindows: true, calls: noRoom } });
    expect(installed()).toBe('old');
    expect(folder.list()).toEqual(['.app.peerpatch', 'app', 'state']);
  });

  it('on Windows moves the bad program aside, and back when the good one cannot be moved in', async () => {
    await update();
    const failing: FileCalls = {
      ...calls,
      rename: (from, to) =>
        to === app() && readFileSync(from, 'latin1') === 'old' ? Promise.reject(errno('EBUSY')) : rename(from, to),
      remove: (path) =>
        existsSync(path) && readFileSync(path, 'latin1') === 'new program'
          ? Promise.reject(errno('EPERM'))
          : rm(path, { force: true }),
    };
    await expect(back({ system: { isWindows: true, calls: failing } })).rejects.toEqual(failure('INSTALL_FAILED'));
    expect(installed()).toBe('new program');
    await back({ system: { isWindows: true, calls: { ...failing, rename } } });
    expect(installed()).toBe('old');
    expect(folder.list().filter((name) => /^\.app\.\d+-[0-9a-f]{12}\.peerpatch$/.test(name))).toHaveLength(1);
  });
});
