/**
 * Whether a descriptor is a pipe: the other end of one that a parent made for this process.
 *
 * On Windows the runtime says "no" to `isFIFO` and `isSocket` of everything, pipes included: there the mode tells.
 *
 * @module
 */
import { fstatSync, type Stats } from 'node:fs';

/** What kind of file a mode is about, and the kind of pipes. The same numbers on all systems. */
const KIND = 0o170000;
const PIPE = 0o010000;

/** False also for what is not open. @param lookAt, platform for tests */
export function isOpenPipe(fd: number, { lookAt = fstatSync, platform = process.platform }: PipeLook = {}): boolean {
  try {
    const found = lookAt(fd);
    return platform === 'win32' ? (found.mode & KIND) === PIPE : found.isSocket() || found.isFIFO();
  } catch {
    return false; // not open
  }
}

export interface PipeLook {
  readonly lookAt?: (fd: number) => Pick<Stats, 'mode' | 'isFIFO' | 'isSocket'>;
  readonly platform?: NodeJS.Platform;
}
