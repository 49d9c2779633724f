/**
 * An update that fails over a program on probation, when the journal is written already.
 *
 * @module
 */
import { rmSync, writeFileSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { afterStart, journalOfInstall } from '../../../src/core/install/journal.ts';
import { judgeStart, type StartVerdict } from '../../../src/core/install/judge-start.ts';
import { THIS_INSTALL_SYSTEM } from '../../../src/io/install/file-calls.ts';
import { openInstallFolderSync } from '../../../src/io/install/install-folder.ts';
import { readJournalSync, writeJournalSync } from '../../../src/io/install/journal-file.ts';
import { replaceFile } from '../../../src/io/install/replace.ts';
import { countLivingStartsSync, noteStartSync } from '../../../src/io/install/running-starts.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const PROVEN = { version: '1.0.0', id: 'a'.repeat(64) };
const RUNNING = { version: '1.1.0', id: 'b'.repeat(64) };
const NEXT = { version: '1.2.0', id: 'c'.repeat(64) };
const MAX_STARTS = 3;

describe('an update that cannot be put in place over a program on probation', () => {
  const folder = useTempFolder();
  const app = (): string => folder.join('app');
  const install = () => openInstallFolderSync(app());

  /** Of one more start of the program on probation. */
  const verdict = (): StartVerdict =>
    judgeStart({
      journal: readJournalSync(install()),
      runningId: RUNNING.id,
      programId: RUNNING.id,
      isQuarantined: () => false,
      maxStarts: MAX_STARTS,
      aliveStarts: countLivingStartsSync(install(), Date.now()),
    });

  async function failToInstallNext(): Promise<void> {
    const stagedPath = folder.join('.staged');
    writeFileSync(stagedPath, 'next');
    const { calls } = THIS_INSTALL_SYSTEM;
    const rename = (from: string, to: string): Promise<void> =>
      to === app() ? Promise.reject(Object.assign(new Error('EBUSY'), { code: 'EBUSY' })) : calls.rename(from, to);
    const update = replaceFile({
      target: app(),
      stagedPath,
      staged: await open(stagedPath, 'r+'),
      sizeBytes: 4,
      old: await stat(app()),
      update: { to: NEXT, from: RUNNING },
      system: { isWindows: false, calls: { ...calls, rename } },
    });
    await expect(update).rejects.toMatchObject({ code: 'EBUSY' });
    rmSync(stagedPath);
  }

  it('leaves that judged as before: starts that live do not look like ended ones, and those that ended count', async () => {
    writeFileSync(app(), 'old', { mode: 0o755 });
    const journal = journalOfInstall({ to: RUNNING, from: PROVEN, before: undefined, nowMs: 1 });
    writeJournalSync(install(), { ...journal, starts: MAX_STARTS });
    noteStartSync(install()); // one of the three is this process, and lives
    expect(verdict().kind).toBe('probation');
    await failToInstallNext();
    expect(verdict().kind).toBe('probation');
    const restored = readJournalSync(install());
    if (restored?.phase !== 'probation') throw new Error('the program is on probation');
    writeJournalSync(install(), afterStart(restored)); // and that one ends badly too
    expect(verdict().kind).toBe('roll-back');
  });

  it('leaves it the very journal when none of its starts lives', async () => {
    writeFileSync(app(), 'old', { mode: 0o755 });
    const journal = journalOfInstall({ to: RUNNING, from: PROVEN, before: undefined, nowMs: 1 });
    writeJournalSync(install(), { ...journal, starts: 2 });
    await failToInstallNext();
    expect(readJournalSync(install())).toEqual({ ...journal, starts: 2 });
  });
});
