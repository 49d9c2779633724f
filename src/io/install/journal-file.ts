/**
 * The journal on disk. Format and meaning: core/install/journal.ts, judge-start.ts.
 *
 * Two processes may write at once: each write is whole, and the later one counts. Nothing rests on a count being exact.
 *
 * @module
 */
import { decodeJournal, encodeJournal, type Journal } from '../../core/install/journal.ts';
import type { InstallFolder } from './install-folder.ts';
import { readSmallFileSync, removeSmallFileSync, writeSmallFileSync } from './small-file.ts';

/** Undefined when there is none. @throws PeerpatchError INSTALL_STATE_DAMAGED, and the system's errors */
export function readJournalSync(folder: InstallFolder): Journal | undefined {
  const bytes = readSmallFileSync(folder.journal);
  return bytes === undefined ? undefined : decodeJournal(bytes);
}

/** Whole or not at all, and on disk when it returns. @throws the system's errors */
export function writeJournalSync(folder: InstallFolder, journal: Journal): void {
  writeSmallFileSync(folder.journal, encodeJournal(journal));
}

/** @throws the system's errors, not for a missing one */
export function removeJournalSync(folder: InstallFolder): void {
  removeSmallFileSync(folder.journal);
}

/* eslint-disable @typescript-eslint/require-await -- a few hundred bytes: the promises are for callers that have others */
/** {@link readJournalSync} */
export async function readJournal(folder: InstallFolder): Promise<Journal | undefined> {
  return readJournalSync(folder);
}

/** {@link writeJournalSync} */
export async function writeJournal(folder: InstallFolder, journal: Journal): Promise<void> {
  writeJournalSync(folder, journal);
}

/** {@link removeJournalSync} */
export async function removeJournal(folder: InstallFolder): Promise<void> {
  removeJournalSync(folder);
}
