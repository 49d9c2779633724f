/**
 * Does something again and again, about once an interval, until it is stopped.
 *
 * A failure is reported and the next turn comes as planned: being offline is normal. Nodes started together drift apart
 * by jitter.
 *
 * @module
 */
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';

export interface PollOptions {
  /** Mean time from the end of one turn to the start of the next. */
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends the loop, and goes to each turn. */
  readonly signal: AbortSignal;
  /** One turn. The first begins at once. */
  readonly turn: (signal: AbortSignal) => Promise<unknown>;
  /** Told of each failure. What it throws ends the loop: that is how a bug reaches the top. */
  readonly onError: (error: unknown) => void;
}

/** Largest deviation from the interval, as a share of it, to either side. */
const JITTER = 0.1;

/** Resolves when the signal aborts and the turn at hand has ended. Rejects only with what `onError` throws. */
export async function poll({ intervalMs, clock, random, signal, turn, onError }: PollOptions): Promise<void> {
  const stopped = (): boolean => signal.aborted;
  while (!stopped()) {
    try {
      await turn(signal);
    } catch (error) {
      if (!stopped()) onError(error);
    }
    const pauseMs = intervalMs * (1 + JITTER * (2 * random.fraction() - 1));
    await clock.sleep(pauseMs, signal).catch(() => undefined); // only an abort rejects
  }
}
