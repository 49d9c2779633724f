/**
 * Renames a small file over another one, with a little patience on Windows: while somebody reads what is there, another copy of the
 * program or a scanner, the system refuses that.
 *
 * Stands still while it waits: what it is for is synchronous. Programs are moved by file-calls.ts, which waits longer.
 *
 * @module
 */
import { renameSync } from 'node:fs';
import { errnoOf } from '../files/file-error.ts';

const PAUSES_MS: readonly number[] = [5, 10, 25, 50, 100, 200];
const SHARING_VIOLATIONS: readonly string[] = ['EBUSY', 'EPERM', 'EACCES'];

export interface RenameSystem {
  readonly platform: NodeJS.Platform;
  readonly rename: (from: string, to: string) => void;
}

/** @param system for tests. @throws the system's errors */
export function renameOverSync(
  from: string,
  to: string,
  { platform, rename }: RenameSystem = { platform: process.platform, rename: renameSync },
): void {
  for (const ms of platform === 'win32' ? PAUSES_MS : []) {
    try {
      rename(from, to);
      return;
    } catch (error) {
      if (!SHARING_VIOLATIONS.includes(errnoOf(error) ?? '')) throw error;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  }
  rename(from, to);
}
