/**
 * What becomes of a new program that dies on probation: what a thin parent does, and when a guard is started.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  afterStart,
  journalOfInstall,
  takeBackStart,
  type ProbationJournal,
} from '../../../src/core/install/journal.ts';
import { BLOCKING_INSTALL_SYSTEM } from '../../../src/io/install/file-calls.ts';
import { installFolderPaths, openInstallFolderSync } from '../../../src/io/install/install-folder.ts';
import { readJournalSync, writeJournalSync } from '../../../src/io/install/journal-file.ts';
import { replaceFile } from '../../../src/io/install/replace.ts';
import { rollBack } from '../../../src/io/install/roll-back.ts';
import { startGuard } from '../../../src/io/process/guard.ts';
import { restartWatch } from '../../../src/io/process/restart-watch.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

vi.mock(import('../../../src/io/install/roll-back.ts'), async (original) => {
  const actual = await original();
  return { ...actual, rollBack: vi.fn(actual.rollBack) };
});
vi.mock(import('../../../src/io/process/guard.ts'), async (original) => ({
  ...(await original()),
  startGuard: vi.fn(() => Promise.resolve({ stop: () => undefined })),
}));

const FROM = { version: '1.0.0', id: 'a1'.repeat(32) };
const TO = { version: '1.1.0', id: 'b2'.repeat(32) };
const PROBATION_MS = 60_000;
/** With what a guard adds. */
const WATCHED_MS = 90_000;

describe('a thin parent whose program has died on probation', () => {
  const folder = useTempFolder();
  const app = (): string => folder.join('app');
  const installed = (): string => readFileSync(app(), 'latin1');
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  async function isStartedAgain(livedMs: number, { starts }: { readonly starts: number }): Promise<boolean> {
    vi.stubEnv('XDG_STATE_HOME', folder.join('state'));
    writeFileSync(app(), 'old', { mode: 0o755 });
    const stagedPath = folder.join('.staged');
    writeFileSync(stagedPath, 'new program');
    const staged = await open(stagedPath, 'r+');
    const old = await stat(app());
    await replaceFile({ target: app(), stagedPath, staged, sizeBytes: 11, old, update: { to: TO, from: FROM } });
    const journal = readJournalSync(installFolderPaths(app()));
    if (journal?.phase !== 'probation') throw new Error('no probation');
    if (starts > 0) writeJournalSync(installFolderPaths(app()), afterStart(journal));
    const watch = restartWatch({ programPath: app(), guard: 'auto', probationMs: PROBATION_MS, isGuarded: false });
    return watch.isToStartAgain({ what: 'it ended with exit code 1', isReplaced: false, livedMs });
  }

  it('starts the previous one, also when the new one never called spawn', async () => {
    expect(await isStartedAgain(WATCHED_MS - 1, { starts: 0 })).toBe(true);
    expect(installed()).toBe('old');
    // Timers run into nothing there.
    expect(rollBack).toHaveBeenLastCalledWith(expect.objectContaining({ system: BLOCKING_INSTALL_SYSTEM }));
  });

  it('leaves one that never called spawn and lived longer than a guard would have watched it', async () => {
    expect(await isStartedAgain(WATCHED_MS + 1, { starts: 0 })).toBe(false);
    expect(installed()).toBe('new program');
  });

  it('starts the previous one however long the new one lived, when it was still to say that it works', async () => {
    expect(await isStartedAgain(WATCHED_MS + 1, { starts: 1 })).toBe(true);
    expect(installed()).toBe('old');
  });
});

describe('before a restart', () => {
  const folder = useTempFolder();
  const start = { argv0: 'app', args: [], env: {} };
  const first = journalOfInstall({ to: TO, from: FROM, before: undefined, nowMs: 1 });
  const watched = (isGuarded: boolean, guard: 'always' | 'auto' = 'always') =>
    restartWatch({ programPath: folder.join('app'), guard, probationMs: PROBATION_MS, isGuarded });
  const write = (journal: ProbationJournal): void => {
    writeJournalSync(openInstallFolderSync(folder.join('app')), journal);
  };
  beforeEach(() => {
    vi.stubEnv('XDG_STATE_HOME', folder.join('state'));
    writeFileSync(folder.join('app'), 'program');
    write(first);
    vi.mocked(startGuard).mockClear();
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  /** A process as it is after a restart into `first`, with the guard beside it. */
  async function guarded(): Promise<ReturnType<typeof restartWatch>> {
    const { env = {} } = (await watched(false).startGuard(start)) ?? {};
    expect(startGuard).toHaveBeenCalledTimes(1);
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const watch = watched(true);
    expect(process.env['PEERPATCH_GUARDED_PROBATION']).toBeUndefined();
    write(afterStart(first));
    return watch;
  }

  it('on probation no second guard is started beside the first one, whatever was counted', async () => {
    const watch = await guarded();
    write(takeBackStart(afterStart(first)));
    expect(Object.keys((await watch.startGuard(start))?.env ?? {})).toHaveLength(2);
    // The host has stopped its updater and spawned another one.
    expect(await watched(true).startGuard(start)).toBeDefined();
    expect(startGuard).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['another release', { ...first, to: { version: '1.2.0', id: 'c3'.repeat(32) }, starts: 1 }],
    ['the same release, installed once more', { ...first, installedAt: 2, starts: 1 }],
  ])('into %s a guard is started, also in a process that was guarded before', async (_, journal) => {
    const watch = await guarded();
    write(journal);
    expect(await watch.startGuard(start)).toBeDefined();
    expect(startGuard).toHaveBeenCalledTimes(2);
    expect(startGuard).toHaveBeenLastCalledWith(expect.objectContaining({ journal }));
  });

  it('a guard learns of the thin parent, and none is started where a supervisor knows that', async () => {
    vi.stubEnv('INVOCATION_ID', 'x');
    vi.stubEnv('SYSTEMD_EXEC_PID', String(process.pid));
    const thinParent = process.ppid;
    await watched(false, 'auto').startGuard({ ...start, thinParent });
    expect(startGuard).toHaveBeenLastCalledWith(expect.objectContaining({ thinParent }));
    vi.stubEnv('SYSTEMD_EXEC_PID', String(thinParent));
    expect(await watched(false, 'auto').startGuard({ ...start, thinParent })).toBeUndefined();
  });
});
