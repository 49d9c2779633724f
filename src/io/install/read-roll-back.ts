/**
 * Reads whether a roll back put a release in place.
 *
 * @module
 */
import type { ReleaseName } from '../../core/install/release-id.ts';
import { findRollBack, type RolledBack } from '../../core/install/rolled-back.ts';
import { installError } from '../files/file-error.ts';
import { findInstallFolderSync } from './install-folder.ts';
import { readJournalSync } from './journal-file.ts';
import { isQuarantined } from './quarantine.ts';

/** @throws PeerpatchError INSTALL_STATE_DAMAGED, INSTALL_FAILED when what is noted beside the program cannot be read */
export function readRollBack(programPath: string, release: ReleaseName): RolledBack | undefined {
  try {
    const folder = findInstallFolderSync(programPath);
    if (folder === undefined) return undefined;
    return findRollBack({
      journal: readJournalSync(folder),
      programId: release.id,
      isQuarantined: (id) => isQuarantined(folder.programPath, id),
    });
  } catch (cause) {
    throw installError(programPath, cause);
  }
}
