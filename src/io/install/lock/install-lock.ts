/**
 * One installation at a time: the lock of a program, across processes and users. Spec: docs/spec/16-journal.md.
 *
 * The lowest ticket whose process lives has the lock. Nobody's death has to be noticed by anybody but those who wait: a killed
 * process holds nothing, and neither does one that got its number later.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises';
import { PeerpatchError } from '../../../core/base/errors.ts';
import type { InstallLock } from '../../../ports/program.ts';
import { installError } from '../../files/file-error.ts';
import { findInstallFolderSync, openInstallFolderSync, openSubfolderSync } from '../install-folder.ts';
import { THIS_SYSTEM } from '../partial-name.ts';
import { isTicketAlive, mayBeAlive, TOUCH_EVERY_MS } from './holder-watch.ts';
import { drawTicket, freeTicket, readTicket, removeTicket, ticketNumbers, touchTicket } from './tickets.ts';

export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whether to wait for another holder. Without it the answer is undefined then. */
  readonly waits: boolean;
  /** A clock that is never set. Default: this process's own. */
  readonly monotonic?: (() => number) | undefined;
}

/** Drawing is a matter of microseconds: so often nobody loses. */
const MAX_DRAWS = 1000;
const LOOK_EVERY_MS = 250;
/** Of two that draw at once the lower one may just be giving up: the other one waits that long before it does so too. */
const PATIENCE_MS = 300;

/**
 * Undefined when somebody else installs, and with `waits` never.
 *
 * @throws PeerpatchError INSTALL_STATE_DAMAGED, INSTALL_NOT_WRITABLE, INSTALL_NO_SPACE, INSTALL_FAILED, CANCELLED
 */
export async function acquireInstallLock(programPath: string, options: LockOptions): Promise<InstallLock | undefined> {
  const { signal, waits, monotonic = () => performance.now() } = options;
  try {
    const folder = openInstallFolderSync(programPath);
    openSubfolderSync(folder, folder.lock);
    const number = await drawHighest(folder.lock, signal);
    const lock = holdTicket(folder.lock, number);
    let isMine = false;
    try {
      isMine = await becomesMine({ folder: folder.lock, number, waits, monotonic, signal });
      return isMine ? lock : undefined;
    } finally {
      if (!isMine) await lock.release();
    }
  } catch (cause) {
    throw installError(programPath, cause);
  }
}

/** Who has the lock, for people. */
export interface LockHolder {
  readonly pid: number;
  /** Its number means something here. */
  readonly isThisSystem: boolean;
}

/** Undefined when nobody has it, as far as can be told without waiting. @throws the system's errors */
export function readLockHolder(programPath: string): LockHolder | undefined {
  const folder = findInstallFolderSync(programPath)?.lock;
  if (folder === undefined) return undefined;
  for (const number of ticketNumbers(folder)) {
    const ticket = readTicket(folder, number);
    if (ticket?.content === undefined || !isTicketAlive(ticket, performance.now())) continue;
    const { pid, system } = ticket.content;
    return { pid, isThisSystem: system === THIS_SYSTEM };
  }
  return undefined;
}

/** Whether somebody may be installing at this moment: {@link mayBeAlive}. Never throws: who cannot look has to leave things alone. */
export function mayBeInstalling(programPath: string, nowMs: number): boolean {
  try {
    const folder = findInstallFolderSync(programPath)?.lock;
    if (folder === undefined) return false;
    return ticketNumbers(folder).some((number) => {
      const ticket = readTicket(folder, number);
      return ticket !== undefined && mayBeAlive(ticket, nowMs);
    });
  } catch {
    return true;
  }
}

/** A ticket above which there is none at the moment after it was made. @param drawOne for tests */
export async function drawHighest(
  folder: string,
  signal?: AbortSignal,
  drawOne: (folder: string) => number | undefined = drawTicket,
): Promise<number> {
  for (let attempt = 0; attempt < MAX_DRAWS; attempt++) {
    throwIfStopped(signal);
    const number = drawOne(folder);
    if (number !== undefined) {
      if (isHighest(folder, number)) return number;
      // Its number may have been in use before, by one that is gone, and the holder of a higher one does not know of us.
      removeTicket(folder, number);
    }
    await pause(1 + Math.random() * Math.min(attempt, 20));
  }
  throw new PeerpatchError(
    'INSTALL_FAILED',
    `too many processes want to install at once: the next attempt comes later`,
  );
}

function isHighest(folder: string, number: number): boolean {
  try {
    return ticketNumbers(folder).at(-1) === number;
  } catch (error) {
    giveBack(folder, number); // or the others would wait for it as long as this process lives
    throw error;
  }
}

interface Turn {
  readonly folder: string;
  readonly number: number;
  readonly waits: boolean;
  readonly monotonic: () => number;
  readonly signal: AbortSignal | undefined;
}

async function becomesMine({ folder, number, waits, monotonic, signal }: Turn): Promise<boolean> {
  const sinceMs = monotonic();
  for (;;) {
    const lower = ticketNumbers(folder).filter((each) => each < number);
    const isAlive = (each: number): boolean => {
      const ticket = readTicket(folder, each);
      return ticket !== undefined && isTicketAlive(ticket, monotonic());
    };
    if (!lower.some(isAlive)) {
      for (const each of lower) removeTicket(folder, each);
      return true;
    }
    if (!waits && monotonic() - sinceMs >= PATIENCE_MS) return false;
    throwIfStopped(signal);
    await pause(waits ? LOOK_EVERY_MS : 50);
  }
}

/** Shows that this process lives, until it is released. */
function holdTicket(folder: string, number: number): InstallLock {
  const touching = setInterval(() => {
    try {
      if (!touchTicket(folder, number)) clearInterval(touching);
    } catch {
      // A full or read-only disk: on this system the process itself tells, elsewhere the silence will.
    }
  }, TOUCH_EVERY_MS);
  touching.unref();
  let isHeld = true;
  return {
    // eslint-disable-next-line @typescript-eslint/require-await -- part of a port
    release: async () => {
      if (!isHeld) return;
      isHeld = false;
      clearInterval(touching);
      giveBack(folder, number);
    },
  };
}

function giveBack(folder: string, number: number): void {
  try {
    freeTicket(folder, number);
  } catch {
    // It is as free when this process ends.
  }
}

function throwIfStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new PeerpatchError('CANCELLED', 'stopped while waiting for another installation');
}
