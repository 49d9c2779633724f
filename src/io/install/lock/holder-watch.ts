/**
 * Whether the process behind a ticket lives. Spec: docs/spec/16-journal.md.
 *
 * On this system it can be looked at. Elsewhere, in another container or machine that shares the folder, only its silence tells: who
 * holds a ticket touches it every few seconds. Silence is measured by the watcher's own clock, not by file times, because two
 * machines' clocks need not agree.
 *
 * @module
 */
import { SECOND_MS } from '../../../core/base/units.ts';
import { livenessOf } from '../process-identity.ts';
import type { FoundTicket } from './tickets.ts';

export const TOUCH_EVERY_MS: number = 5 * SECOND_MS;
/** Six touches that did not come. */
export const SILENCE_MS: number = 30 * SECOND_MS;

interface Sighting {
  readonly touchedMs: number;
  readonly sinceMs: number;
}

/** What this process has seen, by path: a look now and one at the next attempt are enough. */
const sightings = new Map<string, Sighting>();

/**
 * Whether a ticket may be held, for one that cannot wait for silence. By the time of the file where only that tells: a clock that is
 * off gives a wrong answer, so nothing may rest on this one alone.
 */
export function mayBeAlive({ content, touchedMs }: FoundTicket, nowMs: number): boolean {
  if (content?.free === true) return false;
  const liveness = content === undefined ? 'other system' : livenessOf(content);
  if (liveness === 'dead') return false;
  if (liveness === 'alive' && content?.pid !== process.pid) return true;
  // In both directions: a clock that was set back must not make a ticket last.
  return Math.abs(nowMs - touchedMs) < SILENCE_MS;
}

/** @param monotonicMs a clock of this process that is never set */
export function isTicketAlive({ path, content, touchedMs }: FoundTicket, monotonicMs: number): boolean {
  if (content?.free === true) return false;
  const liveness = content === undefined ? 'other system' : livenessOf(content);
  // `execve` keeps number and start time: a ticket of this very process may be one of the program that it was before.
  const isOwn = content?.pid === process.pid;
  if (liveness === 'dead' || (liveness === 'alive' && !isOwn)) {
    sightings.delete(path);
    return liveness === 'alive';
  }
  const seen = sightings.get(path);
  if (seen?.touchedMs !== touchedMs) {
    sightings.set(path, { touchedMs, sinceMs: monotonicMs });
    return true;
  }
  if (monotonicMs - seen.sinceMs < SILENCE_MS) return true;
  sightings.delete(path);
  return false;
}
