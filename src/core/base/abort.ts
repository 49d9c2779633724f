/**
 * Waiting for work that cannot be cancelled, together with a signal that can.
 *
 * @module
 */

/**
 * Settles as `work` does, or rejects with the signal's reason as soon as it aborts.
 *
 * After an abort the work goes on by itself: what it still yields is given to `late`, which must let go of it.
 */
export async function orAbort<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  late?: (value: T) => void,
): Promise<T> {
  if (signal === undefined) return work;
  let stopListening = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    stopListening = () => {
      signal.removeEventListener('abort', abort);
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([aborted, work]);
  } catch (error) {
    if (signal.aborted) work.then(late, () => undefined); // the abort is the result, whatever the work still says
    throw error;
  } finally {
    stopListening();
  }
}
