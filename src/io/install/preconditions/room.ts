/**
 * Precondition: the new program fits beside the old one.
 *
 * @module
 */
import { statfs } from 'node:fs/promises';
import { PeerpatchError } from '../../../core/base/errors.ts';
import { checkSpace } from '../file-writing.ts';
import { findPartials, removeLeftovers } from '../leftovers.ts';
import type { Place } from './place.ts';

/** The new program, the journal, the lock, and what holds them. */
const SPARE_INODES = 16;

/** @throws PeerpatchError INSTALL_NO_SPACE, and the system's errors */
export async function checkRoom({ target, folder, plan }: Place): Promise<void> {
  const nowMs = Date.now();
  await removeLeftovers(target, nowMs);
  const { files, ffree } = await statfs(folder);
  // Some file systems make them as they need them, and say 0.
  if (files > 0 && ffree < SPARE_INODES) {
    throw new PeerpatchError(
      'INSTALL_NO_SPACE',
      `no room beside ${target}: the file system has ${ffree} free inodes, ${SPARE_INODES} are needed; remove files there`,
    );
  }
  // What an earlier attempt left is gone on with, or removed for the new one.
  const held = (await findPartials(target, nowMs)).filter(({ isFree }) => isFree);
  const heldBytes = held.reduce((sum, { blocks }) => sum + blocks * 512, 0);
  await checkSpace(target, Math.max(plan.sizeBytes - heldBytes, 0));
}
