/**
 * Precondition: the new program fits beside the old one, and beside a copy of that where it can be kept in no other way.
 *
 * @module
 */
import { link, open, rm, statfs } from 'node:fs/promises';
import { PeerpatchError } from '../../../core/base/errors.ts';
import { isNoLinks } from '../file-calls.ts';
import { checkSpace, hasSpace } from '../file-writing.ts';
import { findPartials, removeLeftovers, stagedPath } from '../leftovers.ts';
import type { Place } from './place.ts';

/** The new program, the journal, the lock, and what holds them. */
const SPARE_INODES = 16;

/** @throws PeerpatchError INSTALL_NO_SPACE, and the system's errors */
export async function checkRoom(place: Place): Promise<void> {
  await checkInodes(place);
  await checkSpace(place.target, await missingBytes(place));
}

/**
 * As {@link checkRoom} for an update, which keeps the old program: a second name takes no room, a copy as much as the program.
 *
 * @param makeLink for tests
 * @throws PeerpatchError INSTALL_NO_SPACE, and the system's errors
 */
export async function checkUpdateRoom(place: Place, makeLink: typeof link = link): Promise<void> {
  await checkRoom(place);
  const { target, program, system } = place;
  if (program === undefined || system.platform === 'win32') return; // there the old one is moved, not copied
  const bothBytes = (await missingBytes(place)) + program.size;
  // Only where it matters: nothing is made in the folder of a program that has room for both.
  if ((await hasSpace(target, bothBytes)) || (await hasLinks(target, makeLink))) return;
  throw new PeerpatchError(
    'INSTALL_NO_SPACE',
    `no room beside ${target}: this file system gives a file one name only, so a copy of the old program is kept beside the new one, and ${bothBytes} bytes and a MiB are needed`,
  );
}

async function checkInodes({ target, folder }: Place): Promise<void> {
  const { files, ffree } = await statfs(folder);
  // Some file systems make them as they need them, and say 0.
  if (files === 0 || ffree >= SPARE_INODES) return;
  throw new PeerpatchError(
    'INSTALL_NO_SPACE',
    `no room beside ${target}: the file system has ${ffree} free inodes, ${SPARE_INODES} are needed; remove files there`,
  );
}

/** Of the new program. What an earlier attempt left is gone on with, or removed for the new one. */
async function missingBytes({ target, plan }: Place): Promise<number> {
  const nowMs = Date.now();
  await removeLeftovers(target, nowMs);
  const held = (await findPartials(target, nowMs)).filter(({ isFree }) => isFree);
  const heldBytes = held.reduce((sum, { blocks }) => sum + blocks * 512, 0);
  return Math.max(plan.sizeBytes - heldBytes, 0);
}

/** Tried with an empty file, not with the program: on some file systems a second name for that makes a copy first. */
async function hasLinks(target: string, makeLink: typeof link): Promise<boolean> {
  // Named as staged files: what a kill in this moment leaves is swept with those.
  const [one, two] = [stagedPath(target), stagedPath(target)];
  try {
    await (await open(one, 'wx', 0o600)).close();
    await makeLink(one, two);
    return true;
  } catch (error) {
    if (isNoLinks(error)) return false;
    throw error;
  } finally {
    for (const path of [two, one]) await rm(path, { force: true });
  }
}
