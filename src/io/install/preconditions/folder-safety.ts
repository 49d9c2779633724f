/**
 * Precondition: not everybody can swap the program. Where everybody may rename it, an update would vouch for what others put
 * there.
 *
 * A group that may write is allowed: somebody chose its members.
 *
 * @module
 */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PeerpatchError } from '../../../core/base/errors.ts';
import { shellWord } from '../../../core/install/shell-word.ts';
import type { Place } from './place.ts';

const WORLD_WRITE = 0o002;
/** In such a folder (/tmp) everybody may add names, but only the owner may rename or remove them. */
const STICKY = 0o1000;

/** @throws PeerpatchError INSTALL_UNSAFE_FOLDER, and the system's errors */
export async function checkFolderSafe({ target, folder, system }: Place): Promise<void> {
  if (system.uid === undefined) return; // mode bits mean nothing there
  // Whoever may rename a folder above may swap everything below.
  for (let path = folder; ; path = dirname(path)) {
    const { mode } = await stat(path);
    if ((mode & WORLD_WRITE) !== 0 && (mode & STICKY) === 0) {
      throw new PeerpatchError(
        'INSTALL_UNSAFE_FOLDER',
        `every user of this machine can swap ${target}, because everybody may write to ${path}: "chmod o-w ${shellWord(path)}", or move the program`,
      );
    }
    if (path === dirname(path)) return;
  }
}
