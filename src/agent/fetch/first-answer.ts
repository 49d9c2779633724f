/**
 * Asks one place after the other, and does not wait long for one that is gone: others announce for a minute what they had.
 *
 * A question to one source costs a handshake, so the next one is asked only when nobody has answered for a moment.
 *
 * @module
 */
import { isPeerpatchError, type PeerpatchError } from '../../core/base/errors.ts';
import { SECOND_MS } from '../../core/base/units.ts';
import type { Clock } from '../../ports/clock.ts';
import { OVERTAKEN } from '../collect/silence-watch.ts';

export interface FirstAnswerOptions<S, T> {
  /** In the order to ask them. */
  readonly sources: readonly S[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Ends by its signal when another source was first. Undefined: this source has no answer. */
  readonly ask: (source: S, signal: AbortSignal) => Promise<T | undefined>;
  /** A source failed, before any other one answered. */
  readonly onFailure: (source: S, error: PeerpatchError) => void;
}

/** Without an answer for so long, the next source is asked beside the others. */
export const NEXT_SOURCE_MS: number = 2 * SECOND_MS;

/** The first answer, or undefined when nobody has one. @throws the signal's reason, and bugs */
export async function firstAnswer<S, T>(options: FirstAnswerOptions<S, T>): Promise<T | undefined> {
  const { clock, signal, ask, onFailure } = options;
  const waiting = [...options.sources];
  const running = new Set<Promise<void>>();
  const over = new AbortController();
  const limited = AbortSignal.any([signal, over.signal]);
  let answer: T | undefined;
  let bug: { readonly error: unknown } | undefined;

  const begin = (source: S): void => {
    const asking = ask(source, limited)
      .then(
        (given) => {
          answer ??= given;
        },
        (error: unknown) => {
          if (limited.aborted) return; // it was told to end
          if (isPeerpatchError(error)) onFailure(source, error);
          else bug ??= { error };
        },
      )
      .finally(() => running.delete(asking));
    running.add(asking);
  };

  try {
    while (answer === undefined) {
      signal.throwIfAborted();
      const next = waiting.shift();
      if (next !== undefined) begin(next);
      else if (running.size === 0) return undefined;
      await oneEndsOr(running, waiting.length === 0 ? undefined : clock);
      if (bug !== undefined) throw bug.error;
    }
    return answer;
  } finally {
    // Who is asked at the end has lost to another one, or it is over for all.
    over.abort(answer === undefined ? undefined : OVERTAKEN);
    await Promise.all(running);
  }
}

/** Ends with the first of them, or when it is time to ask the next source. */
async function oneEndsOr(running: ReadonlySet<Promise<void>>, clock: Clock | undefined): Promise<void> {
  const done = new AbortController();
  const pause = clock?.sleep(NEXT_SOURCE_MS, done.signal).catch(() => undefined); // somebody answered first
  try {
    await Promise.race([...running, ...(pause === undefined ? [] : [pause])]);
  } finally {
    done.abort();
  }
}
