/**
 * Watches how fast a peer takes or gives bytes. Spec: docs/spec/09-transfer.md.
 *
 * Only the time in which the peer is waited for counts: a slow disk on this side is not the peer's fault. One silent wait is
 * bounded by `idleMs`; a peer that drips bytes is bounded by the rate over each `windowMs` of waiting.
 *
 * @module
 */
import { PeerpatchError } from '../core/base/errors.ts';
import type { PaceLimits } from '../core/base/limits.ts';
import { SECOND_MS } from '../core/base/units.ts';
import type { Clock } from '../ports/clock.ts';
import { within } from './deadline.ts';

export interface Pace {
  /**
   * Waits for one piece of work of the peer.
   *
   * @param bytesOf how many bytes a result moved
   * @throws PeerpatchError PEER_TIMEOUT, PEER_TOO_SLOW
   */
  wait<T>(work: (signal: AbortSignal) => Promise<T>, bytesOf: (result: T) => number): Promise<T>;
}

export function createPace(clock: Clock, limits: PaceLimits, signal?: AbortSignal): Pace {
  const { idleMs, windowMs, minBytesPerSecond } = limits;
  let waitedMs = 0;
  let movedBytes = 0;
  const silent = (): PeerpatchError =>
    new PeerpatchError('PEER_TIMEOUT', `the peer was silent for ${idleMs / SECOND_MS} s`);

  return {
    async wait(work, bytesOf) {
      const started = clock.monotonic();
      const result = await within({ clock, ms: idleMs, signal, late: silent }, work);
      waitedMs += clock.monotonic() - started;
      movedBytes += bytesOf(result);
      if (waitedMs < windowMs) return result;
      const bytesPerSecond = Math.floor(movedBytes / (waitedMs / SECOND_MS));
      if (bytesPerSecond < minBytesPerSecond) {
        throw new PeerpatchError(
          'PEER_TOO_SLOW',
          `the peer moved ${bytesPerSecond} bytes a second over ${Math.round(waitedMs / SECOND_MS)} s, the least is ${minBytesPerSecond}`,
        );
      }
      waitedMs = 0;
      movedBytes = 0;
      return result;
    },
  };
}
