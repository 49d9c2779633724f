/**
 * The tickets of the install lock: files `lock/<number>`. Spec: docs/spec/16-journal.md.
 *
 * A number is drawn by making its file, which only one process can. The highest one is never removed, so that no number is drawn
 * twice: a ticket that is no longer needed is marked free instead.
 *
 * @module
 */
import { closeSync, linkSync, lstatSync, lutimesSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isPeerpatchError } from '../../../core/base/errors.ts';
import { decodeTicket, encodeTicket, type LockTicket } from '../../../core/install/ticket.ts';
import { errnoOf } from '../../files/file-error.ts';
import { namesIn } from '../previous-programs.ts';
import { thisProcess } from '../process-identity.ts';
import { giveWholeModeSync, hiddenName, readSmallFileSync, writeSmallFileSync } from '../small-file.ts';

/** Fifteen digits count for longer than anybody installs. */
const NUMBER = /^(0|[1-9]\d{0,14})$/;
/** Every user of the program looks at them. */
const MODE = 0o644;

export interface FoundTicket {
  readonly number: number;
  readonly path: string;
  /** Undefined when it cannot be read: made a moment ago where the file system has no links, damaged, or another user's own. */
  readonly content: LockTicket | undefined;
  /** Its holder touches it. */
  readonly touchedMs: number;
}

/** Ascending. */
export function ticketNumbers(folder: string): readonly number[] {
  return namesIn(folder)
    .filter((name) => NUMBER.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** Undefined when it is gone. @throws the system's errors */
export function readTicket(folder: string, number: number): FoundTicket | undefined {
  const path = ticketPath(folder, number);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  return { number, path, content: readContent(path), touchedMs: found.mtimeMs };
}

/** Draws the next number. Undefined when another process drew it. @throws the system's errors */
export function drawTicket(folder: string): number | undefined {
  const number = (ticketNumbers(folder).at(-1) ?? -1) + 1;
  const bytes = encodeTicket({ ...thisProcess(), free: false });
  try {
    makeWhole(ticketPath(folder, number), bytes);
    return number;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return undefined;
    throw error;
  }
}

/** Gives a number back: removed when there is a higher one, else marked. @throws the system's errors */
export function freeTicket(folder: string, number: number): void {
  const highest = ticketNumbers(folder).at(-1);
  if (highest !== undefined && highest > number) removeTicket(folder, number);
  else writeSmallFileSync(ticketPath(folder, number), encodeTicket({ ...thisProcess(), free: true }));
}

export function removeTicket(folder: string, number: number): void {
  rmSync(ticketPath(folder, number), { force: true });
}

/** Shows that the process lives, to those who cannot look at it. False when the ticket is gone. */
export function touchTicket(folder: string, number: number): boolean {
  const now = new Date();
  try {
    lutimesSync(ticketPath(folder, number), now, now);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** With its content from the first moment on, where the file system has links. */
function makeWhole(path: string, bytes: Uint8Array): void {
  const staged = hiddenName(path);
  try {
    makeFile(staged, bytes);
    linkSync(staged, path);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes(errnoOf(error) ?? '')) throw error;
    makeFile(path, bytes);
  } finally {
    try {
      rmSync(staged, { force: true });
    } catch {
      // The ticket counts: who thinks it was not made would hold it unknowingly. sweep.ts removes the other name.
    }
  }
}

function makeFile(path: string, bytes: Uint8Array): void {
  const handle = openSync(path, 'wx', MODE);
  try {
    giveWholeModeSync(handle, MODE);
    for (let done = 0; done < bytes.length;) done += writeSync(handle, bytes, done);
  } catch (error) {
    rmSync(path, { force: true }); // nobody holds it: the others need not wait for its silence
    throw error;
  } finally {
    closeSync(handle);
  }
}

function readContent(path: string): LockTicket | undefined {
  try {
    const bytes = readSmallFileSync(path);
    return bytes && decodeTicket(bytes);
  } catch (error) {
    if (isPeerpatchError(error, 'INSTALL_STATE_DAMAGED')) return undefined;
    // Another user kept it to itself: its silence tells as much as that of a damaged one.
    if (['EACCES', 'EPERM'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

function ticketPath(folder: string, number: number): string {
  return join(folder, String(number));
}
