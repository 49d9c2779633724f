import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { afterRollBack, journalOfInstall, previousName } from '../../../src/core/install/journal.ts';
import { openInstallFolderSync, type InstallFolder } from '../../../src/io/install/install-folder.ts';
import { writeJournalSync } from '../../../src/io/install/journal-file.ts';
import { listPreviousPrograms } from '../../../src/io/install/previous-programs.ts';
import { programStore } from '../../../src/io/install/program-file.ts';
import { countOtherStartsSync, forgetStartSync, noteStartSync } from '../../../src/io/install/running-starts.ts';
import { sweepInstallFolderSync } from '../../../src/io/install/sweep.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const named = (version: string) => ({ version, id: 'a1'.repeat(32) });
const HOUR_MS = 3_600_000;

describe('sweeping an install folder', () => {
  const temp = useTempFolder();
  let folder: InstallFolder;
  beforeEach(() => {
    writeFileSync(temp.join('app'), 'program');
    folder = openInstallFolderSync(temp.join('app'));
    mkdirSync(folder.previous);
    for (const version of ['1.9.0', '1.10.0', '1.10.0-rc.1', '0.5.0']) {
      writeFileSync(join(folder.previous, previousName(named(version))), version);
    }
  });
  const kept = (): string[] => listPreviousPrograms(folder).map(({ version }) => version);
  const sweep = (keepPrevious: number): void => {
    sweepInstallFolderSync(folder, { keepPrevious, nowMs: Date.now() });
  };

  it('lists kept programs newest first, and no link, folder or other name', () => {
    symlinkSync('/bin/sh', join(folder.previous, previousName(named('9.0.0'))));
    mkdirSync(join(folder.previous, previousName(named('8.0.0'))));
    writeFileSync(join(folder.previous, 'notes'), '');
    expect(kept()).toEqual(['1.10.0', '1.10.0-rc.1', '1.9.0', '0.5.0']);
  });

  it.each([
    [0, []],
    [1, ['1.10.0']],
    [3, ['1.10.0', '1.10.0-rc.1', '1.9.0']],
    [9, ['1.10.0', '1.10.0-rc.1', '1.9.0', '0.5.0']],
  ])('keeps the newest %d', (keep, expected) => {
    sweep(keep);
    expect(kept()).toEqual(expected);
  });

  it.each([0, 1])('never removes what the journal would go back to, with %d to keep', (keep) => {
    writeJournalSync(
      folder,
      journalOfInstall({ to: named('2.0.0'), from: named('0.5.0'), before: undefined, nowMs: 1 }),
    );
    sweep(keep);
    expect(kept()).toContain('0.5.0');
    expect(kept()).toHaveLength(keep + 1);
  });

  it('removes nothing while the journal cannot be read', () => {
    writeFileSync(folder.journal, 'garbage');
    sweep(0);
    expect(kept()).toHaveLength(4);
  });

  it('removes what a kill left half-written, when nobody can be writing it any more', () => {
    const left = join(folder.path, '.journal.4711-0123456789ab');
    writeFileSync(left, 'half');
    writeFileSync(join(folder.path, '.other'), '');
    sweepInstallFolderSync(folder, { keepPrevious: 1, nowMs: Date.now() + 60_000 });
    expect(existsSync(left)).toBe(true);
    sweepInstallFolderSync(folder, { keepPrevious: 1, nowMs: Date.now() + HOUR_MS });
    expect(readdirSync(folder.path).sort()).toEqual(['.other', 'previous']);
  });

  it('removes what the guard left, when nobody can be writing or reading it any more', () => {
    mkdirSync(folder.quarantine);
    const left = ['.back.4711-guard', '.journal.4711-guard', 'ended.4711'].map((name) => join(folder.path, name));
    left.push(join(folder.quarantine, `.${'a1'.repeat(32)}.4711-guard`));
    for (const path of left) writeFileSync(path, '');
    mkdirSync(join(folder.path, '.folder.4711-guard'));
    symlinkSync('/bin/sh', join(folder.path, 'ended.4712'));
    writeFileSync(join(folder.path, 'ended.note'), '');
    writeJournalSync(
      folder,
      journalOfInstall({ to: named('2.0.0'), from: named('1.9.0'), before: undefined, nowMs: 1 }),
    );
    sweepInstallFolderSync(folder, { keepPrevious: 1, nowMs: Date.now() + 60_000 });
    expect(left.filter((path) => !existsSync(path))).toEqual([]);
    sweepInstallFolderSync(folder, { keepPrevious: 1, nowMs: Date.now() + HOUR_MS });
    expect(left.filter((path) => existsSync(path))).toEqual([]);
    const others = ['.folder.4711-guard', 'ended.4712', 'ended.note', 'journal', 'previous', 'quarantine'];
    expect(readdirSync(folder.path).sort()).toEqual(others);
  });

  it('forgets the starts of a probation that is over, and keeps those of one that is not', () => {
    const journal = journalOfInstall({ to: named('2.0.0'), from: named('1.9.0'), before: undefined, nowMs: 1 });
    writeJournalSync(folder, journal);
    noteStartSync(folder);
    sweep(1);
    expect(readdirSync(folder.starts)).toHaveLength(1);
    writeJournalSync(folder, afterRollBack(journal, { reason: 'x', nowMs: 1 }));
    sweep(1);
    expect(readdirSync(folder.starts)).toEqual([]);
  });

  it('comes with the lock of a program', async () => {
    const lock = await programStore(temp.join('app'), { keepPrevious: 2 }).lock();
    expect(lock).toBeDefined();
    expect(kept()).toEqual(['1.10.0', '1.10.0-rc.1']);
    await lock?.release();
  });

  describe('counted starts', () => {
    const note = (name: string): void => {
      writeFileSync(join(folder.starts, name), '');
    };
    it('are other processes that live: this one, dead ones and this host before its last start are none', () => {
      noteStartSync(folder);
      noteStartSync(folder);
      const [own = ''] = readdirSync(folder.starts);
      const [pid, system, host, startedAt] = own.split('-');
      expect(Number(pid)).toBe(process.pid);
      note(`${pid}-${system}-${host}-1`); // the number was used by another process before
      note(`${process.ppid}-${system}-${host}--`); // whose start is unknown: it may live
      note(`1-ffffffff-${host}-${startedAt}`); // this container before it was started again
      note(`1-ffffffff-00000000-5`); // a container beside this one
      note('notes');
      expect(countOtherStartsSync(folder, Date.now())).toBe(2);
      expect(countOtherStartsSync(folder, Date.now() + HOUR_MS)).toBe(1);
      forgetStartSync(folder);
      expect(readdirSync(folder.starts)).not.toContain(own);
    });
  });
});
