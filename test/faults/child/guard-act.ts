/**
 * The act of the guard: what its script does when the new program has died. A shell carries it out, with the shim in it and in all
 * that it starts.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PeerpatchError } from '../../../src/core/base/errors.ts';
import { openStateFolderSync } from '../../../src/io/files/state-folder.ts';
import { findInstallFolderSync } from '../../../src/io/install/install-folder.ts';
import { readJournalSync } from '../../../src/io/install/journal-file.ts';
import { guardArguments } from '../../../src/io/process/guard.ts';
import { GUARD_SCRIPT } from '../../../src/io/process/guard-script.ts';
import type { ActScene } from './acts.ts';

/** Its call of everything, at the end. */
const WHOLE_GUARD = '(guard "$@")\n:';
const PUT_BACK = `is_back=
put_back
[ -n "$is_back" ]`;
/** The process that it watched: there are none with such a number. */
const DEAD = { pid: 999_999_999, startedAt: '1' };

export function putBackByGuard({ programPath, arm }: ActScene): Promise<void> {
  const folder = findInstallFolderSync(programPath);
  const journal = folder && readJournalSync(folder);
  const state = openStateFolderSync();
  if (folder === undefined || journal?.phase !== 'probation' || state === undefined)
    throw new Error('nothing to guard');
  if (!GUARD_SCRIPT.includes(WHOLE_GUARD)) throw new Error('the script of the guard ends otherwise');
  const facts = guardArguments({
    programPath,
    folder: folder.path,
    journal,
    sharedQuarantine: join(state, 'quarantine'),
    limitMs: 1000,
    watched: DEAD,
  });
  const script = GUARD_SCRIPT.replace(WHOLE_GUARD, () => PUT_BACK);
  const { FAULTS_SHIM = '', ...env } = process.env;
  const options = {
    env: { ...env, LD_PRELOAD: FAULTS_SHIM, FAULTS_ARM: `${arm ?? 'none!!'}!family` },
    // Kills are for its process group.
    detached: true,
    encoding: 'utf8',
  } as const;
  const { status, signal, stderr } = spawnSync('/bin/sh', ['-c', script, 'peerpatch-guard', ...facts], options);
  if (signal !== null) process.kill(process.pid, signal);
  if (status === 0) return Promise.resolve();
  throw new PeerpatchError('INSTALL_FAILED', `the guard could not put the previous program back: ${stderr}`);
}
