/**
 * What the file system knows about the folder of a program, for the decision whether it may be given away (permission-fix.ts). What
 * cannot be read is taken for a reason not to.
 *
 * @module
 */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isMountPoint } from '../../../core/install/mount-points.ts';
import type { FolderFacts } from '../../../core/install/permission-fix.ts';
import { mountPoints } from './mounted-program.ts';
import type { Place } from './place.ts';

/** What is kept beside a program: the install folder, staged and partial files. */
const KEPT_BESIDE = /^\..+\.peerpatch$/;

export async function folderFacts({ target, folder, system }: Place): Promise<FolderFacts> {
  const names = await readdir(folder).catch(() => undefined);
  return {
    isMountPoint: isMountPoint((await mountPoints()) ?? [], folder),
    isForeignHome: await isForeignHome(folder, system),
    holdsOthers: names?.every((name) => name === basename(target) || KEPT_BESIDE.test(name)) !== true,
  };
}

/** By the seven fields of a line in /etc/passwd: the third is the user's number, the sixth the home. */
async function isForeignHome(folder: string, { uid, root }: Place['system']): Promise<boolean> {
  const users = await readFile(join(root, 'etc/passwd'), 'utf8').catch(() => ''); // macOS keeps its people elsewhere, below /Users
  return users.split('\n').some((line) => {
    const [, , number, , , home] = line.split(':');
    return home?.replace(/\/+$/, '') === folder && number !== String(uid);
  });
}
