/**
 * Precondition: program and folder are one file system, so that a file beside the program can be renamed to it.
 *
 * Containers get single files by a mount: that name cannot be given to another file.
 *
 * @module
 */
import { readFile, stat } from 'node:fs/promises';
import { PeerpatchError } from '../../../core/base/errors.ts';
import { isMountPoint, readMountPoints, type MountPoint } from '../../../core/install/mount-points.ts';
import type { Place } from './place.ts';

/** @throws PeerpatchError INSTALL_OTHER_FILE_SYSTEM */
export async function checkNotMounted({ target, folder, program }: Place): Promise<void> {
  const mounts = await mountPoints();
  // Device numbers only where there is no such list: overlay file systems give files another one than their folder.
  const isApart = mounts === undefined ? (await stat(folder)).dev !== program?.dev : isMountPoint(mounts, target);
  if (!isApart) return;
  throw new PeerpatchError(
    'INSTALL_OTHER_FILE_SYSTEM',
    `${target} is mounted alone, on another file system than its folder: mount ${folder} instead, or update the program where the mount comes from and start it again`,
  );
}

/** Undefined where the system has no such list. */
export async function mountPoints(): Promise<readonly MountPoint[] | undefined> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => undefined);
  return text === undefined ? undefined : readMountPoints(text);
}
