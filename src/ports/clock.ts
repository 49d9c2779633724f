/**
 * Time as the agent sees it. Real: io/system/clock. Fake: testing/fake-clock.
 *
 * @module
 */

export interface Clock {
  /** Wall clock, Unix milliseconds. May jump: for minutes, slots and schedules. */
  now(): number;
  /** Milliseconds since some fixed moment, never backwards: for durations and time limits. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts. Never keeps the process alive. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
