/**
 * Removes what an install folder needs no more: programs beyond the number to keep, what a kill left half-written, notes of a
 * probation that is over. Spec: docs/spec/16-journal.md.
 *
 * The program the journal names stays: it is what a roll back puts back.
 *
 * @module
 */
import { lstatSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isPeerpatchError } from '../../core/base/errors.ts';
import { MINUTE_MS } from '../../core/base/units.ts';
import type { Journal } from '../../core/install/journal.ts';
import { errnoOf } from '../files/file-error.ts';
import type { InstallFolder } from './install-folder.ts';
import { readJournalSync } from './journal-file.ts';
import { listPreviousPrograms, namesIn, type PreviousProgram } from './previous-programs.ts';
import { forgetStartsSync } from './running-starts.ts';

/** What is written in one go takes seconds; a copied program a little longer. */
const QUIET_MS: number = 10 * MINUTE_MS;
/** Of hiddenName, and of the guard (guard-script.ts). */
const HIDDEN = /^\..*\.\d{1,10}-(?:[0-9a-f]{12}|guard)$/;
/** The note of a good end: the guard looks for it within a second, and takes it away if it still lives. */
const ENDED = /^ended\.\d{1,10}$/;
/** Windows: it runs still, or a scanner looks at it. A later sweep gets it. */
const NOT_NOW = ['EPERM', 'EACCES', 'EBUSY', 'ENOENT', 'EROFS'];

export interface SweepOptions {
  /** The newest programs that stay, beside the one that the journal names. */
  readonly keepPrevious: number;
  readonly nowMs: number;
  /** Name of the program that comes first, whatever its version: the last one that has proven itself. */
  readonly proven?: string | undefined;
  /** Release id of a program that is not kept: it was replaced before it had proven itself. */
  readonly unproven?: string | undefined;
}

/** While this process holds the install lock, or when a probation has ended. @throws the system's errors */
export function sweepInstallFolderSync(folder: InstallFolder, options: SweepOptions): void {
  const { keepPrevious, nowMs, proven, unproven } = options;
  const journal = readOr(folder);
  if (journal === 'damaged') return; // it may have named a program that is about to be removed
  for (const path of [folder.path, folder.lock, folder.previous, folder.quarantine]) sweepHidden(path, nowMs);
  sweepQuiet(folder.path, ENDED, nowMs);
  const spared = journal?.phase === 'probation' ? journal.previous : undefined;
  const isKept = ({ idPrefix }: PreviousProgram): boolean => unproven?.startsWith(idPrefix) !== true;
  const wanted = listPreviousPrograms(folder)
    .filter(isKept)
    .sort((a, b) => Number(b.name === proven) - Number(a.name === proven))
    .slice(0, keepPrevious);
  for (const program of listPreviousPrograms(folder)) {
    if (program.name !== spared && !wanted.some(({ name }) => name === program.name)) remove(program.path);
  }
  if (journal?.phase === 'probation') return;
  remove(folder.ended);
  forgetStartsSync(folder);
}

function readOr(folder: InstallFolder): Journal | undefined | 'damaged' {
  try {
    return readJournalSync(folder);
  } catch (error) {
    if (isPeerpatchError(error, 'INSTALL_STATE_DAMAGED')) return 'damaged';
    throw error;
  }
}

/** What nobody has written to for a while under names of hiddenName or the guard. @throws the system's errors */
export function sweepHidden(path: string, nowMs: number): void {
  sweepQuiet(path, HIDDEN, nowMs);
}

function sweepQuiet(path: string, names: RegExp, nowMs: number): void {
  for (const name of namesIn(path)) {
    if (!names.test(name)) continue;
    const left = lstatSync(join(path, name), { throwIfNoEntry: false });
    if (left?.isFile() !== true) continue;
    // A link has the times of the program it was made of: only the time of its making tells.
    if (nowMs - left.ctimeMs > QUIET_MS) remove(join(path, name));
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    if (!NOT_NOW.includes(errnoOf(error) ?? '')) throw error;
  }
}
