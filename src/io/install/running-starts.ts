/**
 * Which counted starts of the program on probation are alive: other copies of the program, on the same file. Spec:
 * docs/spec/16-journal.md.
 *
 * starts/<process>-<system>-<host>-<start time>     empty: counted in the journal
 * early/<process>-<system>-<host>-<start time>      empty: has not reached `spawn`
 *
 * Without the first, twenty copies that start at once would look like one that was started twenty times and never stayed up.
 * Those of the second that are dead died before they could be counted.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { MINUTE_MS } from '../../core/base/units.ts';
import { errnoOf } from '../files/file-error.ts';
import { openSubfolderSync, type InstallFolder } from './install-folder.ts';
import { namesIn } from './previous-programs.ts';
import { livenessOf, thisProcess, type ProcessIdentity } from './process-identity.ts';
import { removeSmallFileSync } from './small-file.ts';

interface CountedStart extends ProcessIdentity {
  /** Eight hex digits of the host's name: a container or a machine that was started again keeps it. */
  readonly host: string;
}

const HOST: string = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

/** Who lived that long has proven itself; a copy on another machine tells nothing else. */
const FRESH_MS: number = MINUTE_MS;

/** Notes that this process runs the program on probation. @throws PeerpatchError INSTALL_STATE_DAMAGED, and the system's errors */
export function noteStartSync(folder: InstallFolder, path: string = folder.starts): void {
  openSubfolderSync(folder, path);
  try {
    closeSync(openSync(join(path, ownName()), 'wx', 0o644));
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error; // noted already
  }
}

/** This process has ended well, or its start is not to be counted any more. */
export function forgetStartSync(folder: InstallFolder, path: string = folder.starts): void {
  removeSmallFileSync(join(path, ownName()));
}

/** Starts that died before they reached `spawn`, this process not among them. */
export function countDeadEarlyStartsSync(folder: InstallFolder, nowMs: number): number {
  return othersIn(folder.early, nowMs).filter((lives) => !lives).length;
}

/** Counted starts that are alive, this process not among them. */
export function countOtherStartsSync(folder: InstallFolder, nowMs: number): number {
  return othersIn(folder.starts, nowMs).filter((lives) => lives).length;
}

/** The same with this process, if it is one. */
export function countLivingStartsSync(folder: InstallFolder, nowMs: number): number {
  return startsIn(folder.starts, nowMs).filter((lives) => lives).length;
}

function othersIn(path: string, nowMs: number): readonly boolean[] {
  return startsIn(path, nowMs, ownName());
}

/** Of each noted start whether it is alive. @param besides the name of one that is left out */
function startsIn(path: string, nowMs: number, besides?: string): readonly boolean[] {
  return namesIn(path).flatMap((name) => {
    const start = name === besides ? undefined : parseStart(name);
    return start === undefined ? [] : [isAlive(start, join(path, name), nowMs)];
  });
}

function isAlive(start: CountedStart, path: string, nowMs: number): boolean {
  const liveness = livenessOf(start);
  if (liveness !== 'other system') return liveness !== 'dead';
  // This machine or container, before it was started again. Else another one that shares the folder.
  if (start.host === HOST) return false;
  const noted = statSync(path, { throwIfNoEntry: false });
  return noted !== undefined && nowMs - noted.mtimeMs < FRESH_MS;
}

/** Another program is put in place, or the one there has proven itself: all is counted anew. */
export function forgetStartsSync(folder: InstallFolder): void {
  forgetIn(folder.starts);
  forgetEarlyStartsSync(folder);
}

/** The program reaches `spawn`: what died before had another reason. */
export function forgetEarlyStartsSync(folder: InstallFolder): void {
  forgetIn(folder.early);
}

function forgetIn(path: string): void {
  for (const name of namesIn(path)) if (parseStart(name) !== undefined) removeSmallFileSync(join(path, name));
}

/** Starts that are over and were not taken back: that they were is counted in the journal. */
export function forgetDeadStartsSync(folder: InstallFolder, nowMs: number): void {
  for (const name of namesIn(folder.starts)) {
    const path = join(folder.starts, name);
    const start = parseStart(name);
    if (start !== undefined && !isAlive(start, path, nowMs)) removeSmallFileSync(path);
  }
}

function ownName(): string {
  const { pid, system, startedAt } = thisProcess();
  return `${pid}-${system}-${HOST}-${startedAt}`;
}

function parseStart(name: string): CountedStart | undefined {
  const [, pid, system, host, startedAt] = /^(\d{1,10})-([0-9a-f]{8})-([0-9a-f]{8})-(\d{1,20}|-)$/.exec(name) ?? [];
  if (pid === undefined || system === undefined || host === undefined || startedAt === undefined) return undefined;
  return { pid: Number(pid), system, host, startedAt };
}
