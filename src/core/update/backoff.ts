/**
 * Remembers who failed and for how long to leave them alone: twice as long each time, up to an hour. Failures are counted while
 * they follow each other: one that comes long after the last pause has ended is a first one.
 *
 * A value, not an object with a clock: times are given by the caller (any monotonic milliseconds). Bounded: strangers
 * choose the keys.
 *
 * @module
 */
import { HOUR_MS, MINUTE_MS } from '../base/units.ts';

/** Key (a peer's id, or what was tried) to what is known of its failures. */
export type Backoff = ReadonlyMap<string, Failures>;

interface Failures {
  readonly count: number;
  /** One of them was a lie. */
  readonly hasLied: boolean;
  /** Monotonic milliseconds. */
  readonly blockedUntil: number;
}

const FIRST_PAUSE_MS = MINUTE_MS;
const LONGEST_PAUSE_MS = HOUR_MS;
const MAX_KEYS = 1024;

export const NO_FAILURES: Backoff = new Map();

/** What is known of a failure. */
export interface FailureMark {
  /** It was not in passing: what was given before and after counts for nothing. Default no. */
  readonly isLie?: boolean;
  /** It worked until then: failures before it are forgotten, unless one was a lie. Default no. */
  readonly isAfterGiving?: boolean;
  /** It may be none: a short pause, and what follows is not longer for it. Default no. */
  readonly isWeak?: boolean;
}

/** With one more failure of `key`. When full, the failure that ends first is forgotten. */
export function withFailure(
  before: Backoff,
  key: string,
  now: number,
  { isLie = false, isAfterGiving = false, isWeak = false }: FailureMark = {},
): Backoff {
  const isForgiven = isAfterGiving && !isLie && before.get(key)?.hasLied !== true;
  const backoff = isForgiven ? withoutFailures(before, key) : before;
  const earlier = countBefore(backoff.get(key), now);
  const count = isWeak ? earlier : earlier + 1;
  const pause = isWeak ? FIRST_PAUSE_MS : Math.min(FIRST_PAUSE_MS * 2 ** (count - 1), LONGEST_PAUSE_MS);
  const blockedUntil = Math.max(now + pause, isWeak ? (backoff.get(key)?.blockedUntil ?? 0) : 0);
  const hasLied = isLie || (earlier > 0 && backoff.get(key)?.hasLied === true);
  const next = new Map(backoff).set(key, { count, hasLied, blockedUntil });
  if (next.size > MAX_KEYS) {
    const [first] = [...next].sort(([, a], [, b]) => a.blockedUntil - b.blockedUntil);
    if (first !== undefined) next.delete(first[0]);
  }
  return next;
}

/** Who was free to fail for so long and did not is in order: a failure in a month must not add up to an hour. */
function countBefore(failures: Failures | undefined, now: number): number {
  if (failures === undefined || now - failures.blockedUntil > LONGEST_PAUSE_MS) return 0;
  return failures.count;
}

/** Without any failure of `key`: it worked. */
export function withoutFailures(backoff: Backoff, key: string): Backoff {
  if (!backoff.has(key)) return backoff;
  const next = new Map(backoff);
  next.delete(key);
  return next;
}

export function isBlocked(backoff: Backoff, key: string, now: number): boolean {
  return (backoff.get(key)?.blockedUntil ?? -Infinity) > now;
}
