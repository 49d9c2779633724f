/**
 * A limited number of places, and a queue for them.
 *
 * @module
 */
import type { Clock } from '../../ports/clock.ts';

export interface Places {
  readonly taken: number;
  /**
   * The next free place: first come, first served. Undefined when there is none within `ms`, or when the signal aborts.
   *
   * @returns a function that gives the place back
   */
  take(clock: Clock, ms: number, signal: AbortSignal): Promise<(() => void) | undefined>;
}

export function createPlaces(count: number): Places {
  let taken = 0;
  const queue: (() => void)[] = [];
  const leave = (): void => {
    const next = queue.shift();
    if (next === undefined) taken--;
    else next(); // the place goes over without becoming free: nobody can step in between
  };
  /** A place is given back once, however often it is left. */
  const placeToLeave = (): (() => void) => {
    let left = false;
    return () => {
      if (!left) leave();
      left = true;
    };
  };

  return {
    get taken() {
      return taken;
    },
    async take(clock, ms, signal) {
      if (taken < count) {
        taken++;
        return placeToLeave();
      }
      const arrived = new AbortController();
      const call = (): void => {
        arrived.abort();
      };
      queue.push(call);
      // Rejects when a place is called out or the agent stops; resolves when the wait was too long.
      await clock.sleep(ms, AbortSignal.any([arrived.signal, signal])).catch(() => undefined);
      if (arrived.signal.aborted) return placeToLeave();
      queue.splice(queue.indexOf(call), 1);
      return undefined;
    },
  };
}
