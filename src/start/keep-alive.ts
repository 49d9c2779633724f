/**
 * Whoever waits for the updater is waited for. The agent alone keeps no process alive, so that a host that awaited it, and had
 * nothing else to do, would end in the middle of its own code, silently and with exit code 0.
 *
 * @module
 */

/** The longest interval a timer takes. It never does anything. */
const INTERVAL_MS: number = 2 ** 31 - 1;

/** Keeps the process alive until `outcome` has settled. */
export async function keepAliveUntil<T>(outcome: Promise<T>): Promise<T> {
  const timer = setInterval(() => undefined, INTERVAL_MS);
  try {
    return await outcome;
  } finally {
    clearInterval(timer);
  }
}
