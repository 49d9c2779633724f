/**
 * Names of staged files, and the removal of those whose process is gone.
 *
 * A name tells which process stages: `.app.4711-0123456789ab.peerpatch`. Process numbers mean nothing to another container
 * or machine that shares the folder, so a file that was written to a moment ago stays whatever its number says.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HOUR_MS, MINUTE_MS } from '../../core/base/units.ts';
import { errnoOf } from './file-error.ts';

/** A download writes at least this often: its limits would have ended it otherwise. */
const QUIET_MS: number = 2 * MINUTE_MS;
/** Numbers are used again: nothing is staged for so long, whoever has the number now. */
const FORGOTTEN_MS: number = 24 * HOUR_MS;

/** A new name beside `target`: hidden, and on the same file system. */
export function stagedPath(target: string): string {
  return join(dirname(target), `${prefixOf(target)}${process.pid}-${randomBytes(6).toString('hex')}.peerpatch`);
}

/** Removes what dead processes staged for `target`. @throws the system's errors */
export async function removeLeftovers(target: string, nowMs: number): Promise<void> {
  const prefix = prefixOf(target);
  for (const name of await readdir(dirname(target))) {
    const match = name.startsWith(prefix) && /^(\d+)-[0-9a-f]{12}\.peerpatch$/.exec(name.slice(prefix.length));
    if (!match) continue;
    const path = join(dirname(target), name);
    const left = await stat(path).catch(() => undefined); // gone meanwhile: its process lives
    if (left === undefined) continue;
    const quietMs = nowMs - left.mtimeMs;
    if (quietMs > FORGOTTEN_MS || (quietMs > QUIET_MS && !isAlive(Number(match[1])))) await rm(path, { force: true });
  }
}

/** Long names are cut: file systems allow 255 bytes in all. */
function prefixOf(target: string): string {
  return `.${basename(target).slice(0, 50)}.`;
}

function isAlive(pid: number): boolean {
  // In a container every start has the same number: a file of ours that is quiet is from the start before.
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== 'ESRCH';
  }
}
