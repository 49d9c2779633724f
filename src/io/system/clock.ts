/**
 * The machine's clock. Timers are unreferenced: waiting agents never keep a host alive.
 *
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../ports/clock.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, { ref: false, ...(signal && { signal }) });
    } catch (error) {
      // The timer rejects with its own AbortError; callers expect the reason they gave.
      throw signal?.aborted === true ? signal.reason : error;
    }
  },
};
