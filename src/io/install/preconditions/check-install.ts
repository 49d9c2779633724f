/**
 * Asks before a byte is downloaded whether it could be put in place at all. Spec: docs/spec/07-install.md.
 *
 * The first thing that is wrong is told. What no permission helps against comes first: somebody who gives the folder away to find
 * that a package manager owns the program has been told the wrong thing. Nothing here changes anything that lasts.
 *
 * @module
 */
import type { InstallPlan } from '../../../ports/program.ts';
import { installError } from '../../files/file-error.ts';
import { checkCapabilities } from './capabilities.ts';
import { checkFolderSafe } from './folder-safety.ts';
import { checkUnmanaged } from './managed.ts';
import { checkMachine } from './machine.ts';
import { checkNotMounted } from './mounted-program.ts';
import { checkOwner } from './owner.ts';
import { newPlace, programPlace, OWN_SYSTEM, type Place, type Precondition, type ThisSystem } from './place.ts';
import { checkReplaceable } from './replaceable.ts';
import { checkRoom, checkUpdateRoom } from './room.ts';
import { checkNotTranslocated } from './translocation.ts';
import { checkWritable } from './writable.ts';

/** An update that nobody watches. */
const UPDATE: readonly Precondition[] = [
  checkNotTranslocated,
  checkUnmanaged,
  checkMachine,
  checkNotMounted,
  checkOwner,
  checkFolderSafe,
  checkReplaceable,
  checkWritable,
  checkCapabilities,
  checkUpdateRoom,
];
/** Somebody rewrites a file of their own: whose it is, and who else may write there, is known to them. */
const REWRITE: readonly Precondition[] = [checkNotMounted, checkReplaceable, checkWritable, checkRoom];
/** Somebody makes a file. */
const NEW_FILE: readonly Precondition[] = [checkWritable, checkRoom];

/**
 * Whether the program at `path` could be replaced by an update.
 *
 * @throws PeerpatchError PROGRAM_UNREADABLE, INSTALL_TRANSLOCATED, INSTALL_MANAGED, INSTALL_WRONG_TARGET,
 *   INSTALL_OTHER_FILE_SYSTEM, INSTALL_FOREIGN_OWNER, INSTALL_UNSAFE_FOLDER, INSTALL_READ_ONLY, INSTALL_NOT_WRITABLE,
 *   INSTALL_NO_SPACE, INSTALL_FAILED
 */
export function checkUpdate(path: string, plan: InstallPlan, system: ThisSystem = OWN_SYSTEM): Promise<void> {
  return check(path, UPDATE, () => programPlace(path, plan, system));
}

/**
 * Whether the file at `path` could be rewritten by its user.
 *
 * @throws PeerpatchError PROGRAM_UNREADABLE, INSTALL_OTHER_FILE_SYSTEM, INSTALL_READ_ONLY, INSTALL_NOT_WRITABLE,
 *   INSTALL_NO_SPACE, INSTALL_FAILED
 */
export function checkRewrite(path: string, plan: InstallPlan, system: ThisSystem = OWN_SYSTEM): Promise<void> {
  return check(path, REWRITE, () => programPlace(path, plan, system));
}

/** Whether a file could be made at `path`. @throws PeerpatchError INSTALL_READ_ONLY, INSTALL_NOT_WRITABLE, INSTALL_NO_SPACE, INSTALL_FAILED */
export function checkNewFile(path: string, plan: InstallPlan, system: ThisSystem = OWN_SYSTEM): Promise<void> {
  return check(path, NEW_FILE, () => newPlace(path, plan, system));
}

async function check(path: string, list: readonly Precondition[], open: () => Promise<Place>): Promise<void> {
  try {
    const place = await open();
    for (const precondition of list) await precondition(place);
  } catch (cause) {
    throw installError(path, cause);
  }
}
