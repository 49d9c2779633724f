/**
 * Notices that this process ends well: with exit code 0, or because somebody asked it to. A crash, and a failure that the
 * host itself ends with, are not noticed.
 *
 * @module
 */
import { constants } from 'node:os';
import { SECOND_MS } from '../../core/base/units.ts';

/** What people and supervisors stop a program with. */
const STOP_SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];
/** A host that catches such a signal may take so long to end, with whatever exit code. */
const STOP_PATIENCE_MS: number = 30 * SECOND_MS;

/**
 * Calls `onCleanEnd` once, as the last thing but for other listeners of `exit`.
 *
 * @returns ends the watch and takes its listeners away
 */
export function watchCleanEnd(onCleanEnd: () => void): () => void {
  let askedAt: number | undefined;
  const onExit = (exitCode: number): void => {
    const wasAsked = askedAt !== undefined && performance.now() - askedAt < STOP_PATIENCE_MS;
    if (exitCode === 0 || wasAsked) onCleanEnd();
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    askedAt = performance.now();
    if (process.listenerCount(signal) > 1) return; // the host's own business
    // Nobody else listens: what happens is what would have happened without this listener.
    onCleanEnd();
    stop();
    try {
      process.kill(process.pid, signal);
    } catch {
      process.exit(128 + constants.signals[signal]); // Windows: a closed console is told as SIGHUP, which cannot be sent there
    }
  };
  const stop = (): void => {
    process.off('exit', onExit);
    for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
  };
  process.on('exit', onExit);
  // Ahead of the host's: a listener for `once` is gone when it is called, and would not be counted.
  for (const signal of STOP_SIGNALS) process.prependListener(signal, onSignal);
  return stop;
}
