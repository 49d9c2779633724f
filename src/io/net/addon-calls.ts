/**
 * Calls into the addon that have not come back yet.
 *
 * A worker thread that ends while the addon still has an answer for it takes the whole process down (observed on Node 20 and
 * 24). Closing a network therefore waits for every answer.
 *
 * @module
 */

export class AddonCalls {
  readonly #pending = new Set<Promise<unknown>>();

  /** Notes a call until it has settled, and returns it. */
  track<T>(call: Promise<T>): Promise<T> {
    const settled = (): void => void this.#pending.delete(call);
    this.#pending.add(call);
    call.then(settled, settled);
    return call;
  }

  /** Resolves when no call is under way, those included that were made while waiting. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
  }
}
