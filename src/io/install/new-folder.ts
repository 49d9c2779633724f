/**
 * Makes a folder where others may write too, and gives it to whom it is for. Spec: docs/spec/16-journal.md.
 *
 * Whoever may write to the folder it stands in may put something else under its name as soon as it is made: a link to a file of
 * root's, another folder. So owner and mode are given through a descriptor, and only to what can be nothing but the new folder.
 * Anything else keeps both; whether it may be used is asked by whoever opens it (install-folder.ts).
 *
 * @module
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  type Stats,
} from 'node:fs';
import { errnoOf } from '../files/file-error.ts';

/** What opening the new folder says when it is gone, a link or a file by now. */
const SWAPPED = ['ENOENT', 'ENOTDIR', 'ELOOP'];

/**
 * With exactly this mode, whatever the umask. Made by root it belongs to the owner of the folder it stands in: it must be of use to
 * the program's own user, and what one of a group makes to the others.
 *
 * @param parent the folder it stands in, as it was looked at
 * @throws the system's errors, EEXIST when there is something
 */
export function makeFolderSync(path: string, mode: number, parent: Stats): void {
  mkdirSync(path, { mode });
  const own = process.geteuid?.();
  if (own === undefined) return; // Windows: permissions are inherited
  let handle: number;
  try {
    handle = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    if (SWAPPED.includes(errnoOf(error) ?? '')) return;
    throw error;
  }
  try {
    if (!isTheNewOne(handle, own, parent)) return;
    give(handle, own === 0 ? parent.uid : own, parent.gid);
    fchmodSync(handle, mode);
  } finally {
    closeSync(handle);
  }
}

/** Of this user and empty: a folder with something in it may be any other one of this user that was given the name. */
function isTheNewOne(handle: number, own: number, parent: Stats): boolean {
  const { uid, nlink } = fstatSync(handle);
  if (uid !== own) return false; // or a file system that has owners of its own
  if (process.platform !== 'linux') return nlink <= 2; // macOS counts whatever is in it
  const path = `/proc/self/fd/${handle}`;
  try {
    // A link further up may lead to a place where nobody else may make folders.
    const above = statSync(`${path}/..`);
    return readdirSync(path).length === 0 && above.dev === parent.dev && above.ino === parent.ino;
  } catch {
    return false; // without /proc it cannot be told
  }
}

function give(handle: number, uid: number, gid: number): void {
  try {
    fchownSync(handle, uid, gid);
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') throw error; // not in that group
  }
}
