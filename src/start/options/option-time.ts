/**
 * A time in the options of `spawn`: every one ends, and fits into a timer.
 *
 * @module
 */
import { MINUTE_MS } from '../../core/base/units.ts';
import { invalid } from './option-error.ts';

/** Timers count 32 bits of milliseconds, and end at once where that is not enough. */
const LONGEST_MS = 24 * 60 * MINUTE_MS;

/** Milliseconds. @throws PeerpatchError OPTION_INVALID */
export function checkTime(option: string, ms: number, shortestMs: number): number {
  if (Number.isFinite(ms) && ms >= shortestMs && ms <= LONGEST_MS) return ms;
  throw invalid(option, ms, `milliseconds from ${shortestMs} to ${LONGEST_MS} (a day)`);
}
