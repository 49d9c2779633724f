/**
 * Names of staged and partial files, and the removal of those whose process is gone.
 *
 * A name tells which process stages: `.app.4711-0123456789ab.peerpatch`. Process numbers mean nothing to another container
 * or machine that shares the folder, so a file that was written to a moment ago stays whatever its number says.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { lstat, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HOUR_MS, MINUTE_MS } from '../../core/base/units.ts';
import { errnoOf } from '../files/file-error.ts';
import { formatPartialName, parsePartialName, THIS_SYSTEM, type PartialName } from './partial-name.ts';
import { isRunning } from './process-identity.ts';

/** A download writes at least this often: its limits would have ended it otherwise. */
const QUIET_MS: number = 2 * MINUTE_MS;
/** Numbers are used again: nothing is staged for so long, whoever has the number now. */
const FORGOTTEN_MS: number = 24 * HOUR_MS;
const NOT_NOW: readonly string[] = ['EBUSY', 'EPERM', 'EACCES'];

/** A new name beside `target`: hidden, and on the same file system. */
export function stagedPath(target: string): string {
  return join(dirname(target), `${prefixOf(target)}${process.pid}-${randomBytes(6).toString('hex')}.peerpatch`);
}

/** The name beside `target` under which this process writes a content that is kept when it ends. */
export function partialPath(target: string, content: string): string {
  const name = formatPartialName({ pid: process.pid, system: THIS_SYSTEM, content });
  return join(dirname(target), `${prefixOf(target)}${name}`);
}

/** A file beside a target that may be there in part. */
export interface FoundPartial {
  readonly path: string;
  readonly content: string;
  /** No process writes it any more: it may be gone on with, or removed. */
  readonly isFree: boolean;
  /** How long ago it was written last. */
  readonly quietMs: number;
  readonly blocks: number;
}

/** @throws the system's errors */
export async function findPartials(target: string, nowMs: number): Promise<readonly FoundPartial[]> {
  const prefix = prefixOf(target);
  const found: FoundPartial[] = [];
  for (const name of await readdir(dirname(target))) {
    const parsed = name.startsWith(prefix) ? parsePartialName(name.slice(prefix.length)) : undefined;
    if (parsed === undefined) continue;
    const path = join(dirname(target), name);
    const left = await lstat(path).catch(() => undefined); // gone meanwhile: another process took it
    if (left?.isFile() !== true) continue;
    const quietMs = nowMs - left.mtimeMs;
    found.push({ path, content: parsed.content, isFree: isFree(parsed, path, quietMs), quietMs, blocks: left.blocks });
  }
  return found;
}

/** The content that is about to be gone on with. */
export interface WantedContent {
  readonly content: string;
  /** Whether several programs have their partial files there. */
  readonly isShared: boolean;
}

/** Partial files this process has open. */
export const openPartials: Set<string> = new Set();

/**
 * Removes what dead processes staged for `target`.
 *
 * Partial files stay for a day for whoever goes on with them. Where something is `wanted`, the others go when nobody writes them
 * any more: nobody wants an older release. At once where they are one program's; in a folder that programs share, when they are
 * quiet. And whatever was written before the program in place was: another copy of it was faster.
 *
 * @throws the system's errors
 */
export async function removeLeftovers(target: string, nowMs: number, wanted?: WantedContent): Promise<void> {
  const prefix = prefixOf(target);
  for (const name of await readdir(dirname(target))) {
    const match = name.startsWith(prefix) && /^(\d+)-[0-9a-f]{12}\.peerpatch$/.exec(name.slice(prefix.length));
    if (!match) continue;
    const path = join(dirname(target), name);
    const left = await stat(path).catch(() => undefined); // gone meanwhile: its process lives
    if (left === undefined) continue;
    const quietMs = nowMs - left.mtimeMs;
    if (quietMs > FORGOTTEN_MS || (quietMs > QUIET_MS && !isAlive(Number(match[1])))) await remove(path);
  }
  const programQuietMs = await sinceWritten(target, nowMs);
  for (const { path, content, isFree: free, quietMs } of await findPartials(target, nowMs)) {
    if (content === wanted?.content || !free) continue;
    const staysMs = wanted === undefined ? FORGOTTEN_MS : wanted.isShared ? QUIET_MS : -Infinity;
    if (quietMs > Math.min(staysMs, programQuietMs)) await remove(path);
  }
}

/** What still runs (Windows), or belongs to another user, stays until a later look: it takes room, and stands in no install's way. */
async function remove(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    if (!NOT_NOW.includes(errnoOf(error) ?? '')) throw error;
  }
}

/** How long ago the program's last byte was written. Without end where that tells nothing: no program, or a time to come. */
async function sinceWritten(target: string, nowMs: number): Promise<number> {
  const program = await stat(target).catch(() => undefined); // the shared folder has none
  return program === undefined || program.mtimeMs > nowMs ? Infinity : nowMs - program.mtimeMs;
}

/** A number of this system tells at once; of any other only silence does. */
function isFree({ pid, system }: PartialName, path: string, quietMs: number): boolean {
  if (openPartials.has(path)) return false;
  if (quietMs > FORGOTTEN_MS) return true;
  return system === THIS_SYSTEM ? !isAlive(pid) : quietMs > QUIET_MS;
}

/** Long names are cut: file systems allow 255 bytes in all. */
function prefixOf(target: string): string {
  return `.${basename(target).slice(0, 50)}.`;
}

function isAlive(pid: number): boolean {
  // In a container every start has the same number: a file of ours that is quiet is from the start before.
  if (pid === process.pid) return false;
  return isRunning(pid);
}
