/**
 * Removes at a start what a kill left beside the program: staged files of processes that are gone, half-written notes. Spec:
 * docs/spec/16-journal.md.
 *
 * Without the install lock: nothing that a living process may be about to use is that old. What a probation needs stays; sweep.ts
 * removes more when an install begins.
 *
 * @module
 */
import { realpath } from 'node:fs/promises';
import { installError } from '../files/file-error.ts';
import { openStateFolderSync } from '../files/state-folder.ts';
import { findInstallFolderSync, type InstallFolder } from './install-folder.ts';
import { readJournalSync } from './journal-file.ts';
import { removeLeftovers } from './leftovers.ts';
import { quarantineFolders } from './quarantine.ts';
import { forgetDeadStartsSync, forgetEarlyStartsSync } from './running-starts.ts';
import { sweepHidden } from './sweep.ts';

/** @throws PeerpatchError INSTALL_STATE_DAMAGED, INSTALL_NOT_WRITABLE, INSTALL_FAILED: what is left takes room, no more */
export async function tidyInstall(programPath: string, nowMs: number): Promise<void> {
  try {
    const target = await realpath(programPath);
    await removeLeftovers(target, nowMs);
    const state = openStateFolderSync();
    if (state !== undefined) sweepHidden(state, nowMs);
    const folder = findInstallFolderSync(target);
    if (folder === undefined) return;
    const places = [folder.path, folder.lock, folder.previous, ...quarantineFolders(target)];
    for (const path of places) sweepHidden(path, nowMs);
    forgetDeadStartsSync(folder, nowMs);
    if (!isOnProbation(folder)) forgetEarlyStartsSync(folder);
  } catch (cause) {
    throw installError(programPath, cause);
  }
}

/** Then the dead ones count. A kill in the middle of a roll back leaves them, and the program that is back does not look at them. */
function isOnProbation(folder: InstallFolder): boolean {
  try {
    return readJournalSync(folder)?.phase === 'probation';
  } catch {
    return true; // who knows; the start tells that it is damaged
  }
}
