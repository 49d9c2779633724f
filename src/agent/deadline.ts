/**
 * Work that must be done by a certain time.
 *
 * @module
 */
import type { PeerpatchError } from '../core/base/errors.ts';
import type { Clock } from '../ports/clock.ts';

export interface Deadline {
  readonly clock: Clock;
  readonly ms: number;
  /** Aborts the work with its own reason. */
  readonly signal?: AbortSignal | undefined;
  /** Why the work is aborted when the time is over. */
  readonly late: () => PeerpatchError;
}

/** Runs `work` with a signal that aborts after `ms`. The work ends by that signal: nothing is left running. */
export async function within<T>(deadline: Deadline, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { clock, ms, signal, late } = deadline;
  signal?.throwIfAborted();
  const time = new AbortController();
  const done = new AbortController();
  const abort = (): void => {
    time.abort(signal?.reason);
  };
  signal?.addEventListener('abort', abort, { once: true });
  clock.sleep(ms, done.signal).then(
    () => {
      time.abort(late());
    },
    () => undefined, // the work was done first
  );
  try {
    return await work(time.signal);
  } finally {
    signal?.removeEventListener('abort', abort);
    done.abort();
  }
}
