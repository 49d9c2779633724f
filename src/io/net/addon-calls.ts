/**
 * Calls into the addon that have not come back yet.
 *
 * A thread that ends with one of them under way, or in the turn of the event loop in which one came back, takes the whole
 * process down: the addon cleans up after a call one turn later, and aborts when its thread is gone by then (version 1.1 on
 * Node 20 and 24). Closing a network therefore waits for all of them and a few turns more.
 *
 * @module
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

const TURNS = 5;

export class AddonCalls {
  readonly #pending = new Set<Promise<unknown>>();

  /** Notes a call until it has settled, and returns it. */
  track<T>(call: Promise<T>): Promise<T> {
    const settled = (): void => void this.#pending.delete(call);
    this.#pending.add(call);
    call.then(settled, settled);
    return call;
  }

  /** Resolves when no call is under way, those included that were made while waiting, and all are cleaned up after. */
  async settled(): Promise<void> {
    for (let quietTurns = 0; quietTurns < TURNS; quietTurns++) {
      if (this.#pending.size > 0) quietTurns = 0;
      await Promise.allSettled(this.#pending);
      await nextTurn();
    }
  }
}
