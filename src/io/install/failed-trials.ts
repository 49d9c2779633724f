/**
 * Remembers which release failed its trial last, so that a second failure counts also in another process: a program that runs
 * for a moment only would fetch and try the same bad release at each start. Spec: docs/spec/16-journal.md.
 *
 * trials/<release id>     empty; one at most
 *
 * @module
 */
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { isReleaseId } from '../../core/install/release-id.ts';
import { errnoOf } from '../files/file-error.ts';
import { findInstallFolderSync, openInstallFolderSync, openSubfolderSync } from './install-folder.ts';
import { namesIn } from './previous-programs.ts';
import { removeSmallFileSync, syncFolderSync } from './small-file.ts';

/** @param program links are resolved. @throws PeerpatchError INSTALL_STATE_DAMAGED, and the system's errors */
export function hasFailedTrialSync(program: string, id: string): boolean {
  const folder = findInstallFolderSync(program);
  return folder !== undefined && namesIn(folder.trials).includes(id);
}

/** Forgets any other release. @throws PeerpatchError INSTALL_STATE_DAMAGED, and the system's errors */
export function noteFailedTrialSync(program: string, id: string): void {
  forgetFailedTrialsSync(program);
  const folder = openInstallFolderSync(program);
  openSubfolderSync(folder, folder.trials);
  try {
    closeSync(openSync(join(folder.trials, id), 'wx', 0o644));
    syncFolderSync(folder.trials);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error; // noted by another process
  }
}

/** One that passed, or was put in quarantine. @throws PeerpatchError INSTALL_STATE_DAMAGED, and the system's errors */
export function forgetFailedTrialsSync(program: string): void {
  const folder = findInstallFolderSync(program);
  if (folder === undefined) return;
  for (const name of namesIn(folder.trials)) if (isReleaseId(name)) removeSmallFileSync(join(folder.trials, name));
}
