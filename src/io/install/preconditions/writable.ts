/**
 * Precondition: a file can be made beside the program, and removed again.
 *
 * Really tried: what the mode bits say is not what counts for root, under access control lists, on network file systems, or
 * in a sandbox.
 *
 * @module
 */
import { open, rm } from 'node:fs/promises';
import { PeerpatchError } from '../../../core/base/errors.ts';
import { mountPointOf } from '../../../core/install/mount-points.ts';
import { permissionFix } from '../../../core/install/permission-fix.ts';
import { shellWord } from '../../../core/install/shell-word.ts';
import { imageFix } from '../../../core/install/translocated.ts';
import { errnoOf, grantFix } from '../../files/file-error.ts';
import { stagedPath } from '../leftovers.ts';
import { folderFacts } from './folder-facts.ts';
import { mountPoints } from './mounted-program.ts';
import type { Place } from './place.ts';

/** @throws PeerpatchError INSTALL_NOT_WRITABLE, INSTALL_READ_ONLY, and the system's errors */
export async function checkWritable(place: Place): Promise<void> {
  // Named as a staged file: what a kill in this moment leaves is swept with those.
  const path = stagedPath(place.target);
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.close();
    } finally {
      await rm(path, { force: true });
    }
  } catch (cause) {
    if (errnoOf(cause) === 'EROFS') throw await readOnly(place, cause);
    if (errnoOf(cause) === 'EACCES') throw await notWritable(place, cause);
    // Windows says that where the permission is missing.
    if (errnoOf(cause) === 'EPERM' && place.system.platform === 'win32') throw await notWritable(place, cause);
    throw cause;
  }
}

export async function notWritable(place: Place, cause: unknown): Promise<PeerpatchError> {
  const { target, folder, program, system } = place;
  const who = system.uid === undefined ? 'this user' : `user ${system.uid}`;
  const what = program === undefined ? 'made' : 'replaced';
  const message = `${who} may not put a file into ${folder} (${errnoOf(cause) ?? ''}), so ${target} cannot be ${what}: ${await fixOf(place)}`;
  return new PeerpatchError('INSTALL_NOT_WRITABLE', message, { cause });
}

async function fixOf(place: Place): Promise<string> {
  const { target, folder, program, system } = place;
  if (program === undefined) return 'make it in a folder of this user';
  if (system.uid !== undefined) {
    const facts = await folderFacts(place);
    return permissionFix({ program: target, folder, facts, uid: system.uid, withProgram: false });
  }
  return (await folderFacts(place)).holdsOthers
    ? 'move the program to a folder of its own that this user may write'
    : grantFix(folder);
}

export async function readOnly({ target, folder }: Place, cause: unknown): Promise<PeerpatchError> {
  const mount = mountPointOf((await mountPoints()) ?? [], folder);
  const remount = mount === undefined ? '' : `make it writable ("sudo mount -o remount,rw ${shellWord(mount.path)}"; `;
  const fix =
    imageFix(target) ??
    (mount === undefined
      ? 'move the program to a folder that can be written'
      : `${remount}for a systemd unit ReadWritePaths=${folder}), or move the program to a folder that can be written`);
  return new PeerpatchError('INSTALL_READ_ONLY', `${target} is on a read-only file system: ${fix}`, { cause });
}
