/**
 * Precondition: the program is this user's own. Root may replace anybody's: the owner is kept.
 *
 * @module
 */
import { PeerpatchError } from '../../../core/base/errors.ts';
import { permissionFix } from '../../../core/install/permission-fix.ts';
import { folderFacts } from './folder-facts.ts';
import type { Place } from './place.ts';

/** @throws PeerpatchError INSTALL_FOREIGN_OWNER */
export async function checkOwner(place: Place): Promise<void> {
  const { target, folder, program, system } = place;
  const { uid } = system;
  if (uid === undefined || uid === 0 || program === undefined || program.uid === uid) return;
  const facts = await folderFacts(place);
  const fix = permissionFix({ program: target, folder, facts, uid, withProgram: true });
  throw new PeerpatchError(
    'INSTALL_FOREIGN_OWNER',
    `${target} belongs to user ${program.uid}, and this process runs as user ${uid}: run it once as that user to update it, or let this user have it with ${fix}`,
  );
}
