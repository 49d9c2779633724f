/**
 * Files named by the root of their content, of which the youngest are kept.
 *
 * @module
 */
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeptDeltaLimits } from '../../core/base/limits.ts';
import { MINUTE_MS } from '../../core/base/units.ts';

export interface RemoveOldestOptions {
  readonly folder: string;
  readonly nowMs: number;
  readonly limits: KeptDeltaLimits;
}

/**
 * Removes the oldest files until the rest is within `limits`. Files with other names are not looked at.
 *
 * @throws the system's errors
 */
export async function removeOldest({ folder, nowMs, limits }: RemoveOldestOptions): Promise<void> {
  const files: KeptFile[] = [];
  for (const name of await readdir(folder)) {
    if (!/^[0-9a-f]{64}$/.test(name)) continue;
    const stat = await lstat(join(folder, name)).catch(() => undefined); // another process removed it
    if (stat?.isFile() !== true) continue;
    const ageMs = nowMs - stat.mtimeMs;
    // A time far ahead is from a clock that was put back: it must not keep a file for ever. A little ahead is one that
    // another process has put there just now.
    files.push({ name, sizeBytes: stat.size, ageMs: ageMs < -MINUTE_MS ? Infinity : ageMs });
  }
  // By name where times are equal: processes that do this at once remove the same ones.
  files.sort((a, b) => (a.ageMs === b.ageMs ? (a.name < b.name ? -1 : 1) : a.ageMs - b.ageMs));
  let [count, totalBytes] = [0, 0];
  for (const { name, sizeBytes } of files) {
    count++;
    totalBytes += sizeBytes;
    if (count > limits.maxFiles || totalBytes > limits.maxBytes) await rm(join(folder, name), { force: true });
  }
}

interface KeptFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly ageMs: number;
}
