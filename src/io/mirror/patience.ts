/**
 * How long a mirror is waited for: one limit for each step of a request, and a least rate for bodies.
 *
 * The rate is that of all requests together, over the time in which at least one body is on its way: six bodies share a line,
 * and the time a server takes to find an object says nothing about the line.
 *
 * @module
 */
import { setMaxListeners } from 'node:events';
import { PeerpatchError } from '../../core/base/errors.ts';
import type { FetchLimits, PaceLimits } from '../../core/base/limits.ts';
import { SECOND_MS } from '../../core/base/units.ts';
import type { Clock } from '../../ports/clock.ts';

export interface Patience {
  /** Aborts when a step takes too long, and with the reason of any signal it was made from. */
  readonly signal: AbortSignal;
  /** The next step begins, the one before is done. */
  expect(step: StepName): void;
  /** The request is over. */
  end(): void;
}

interface Step {
  readonly limit: (limits: FetchLimits) => number;
  readonly late: (seconds: number) => PeerpatchError;
}

type StepName = 'connection' | 'answer' | 'body';

const STEPS: Readonly<Record<StepName, Step>> = {
  connection: {
    limit: ({ connectMs }) => connectMs,
    late: (seconds) => new PeerpatchError('PEER_UNREACHABLE', `no connection to the mirror within ${seconds} s`),
  },
  answer: {
    limit: ({ answerMs }) => answerMs,
    late: (seconds) => new PeerpatchError('PEER_TIMEOUT', `the mirror did not answer within ${seconds} s`),
  },
  body: {
    limit: ({ idleMs }) => idleMs,
    late: (seconds) => new PeerpatchError('PEER_TIMEOUT', `the mirror was silent for ${seconds} s`),
  },
};

export function createPatience(clock: Clock, limits: FetchLimits, signals: readonly AbortSignal[]): Patience {
  const over = new AbortController();
  let step = new AbortController();
  // One signal stops all requests of all mirrors: the runtime would print a warning about that into the host's output.
  setMaxListeners(0, ...signals);
  const stops = signals.map((signal) => {
    const stop = (): void => {
      over.abort(signal.reason);
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    return () => {
      signal.removeEventListener('abort', stop);
    };
  });
  return {
    signal: over.signal,
    expect(name) {
      step.abort();
      step = new AbortController();
      const { limit, late } = STEPS[name];
      const ms = limit(limits);
      clock.sleep(ms, step.signal).then(
        () => {
          over.abort(late(ms / SECOND_MS));
        },
        () => undefined, // the step was done in time
      );
    },
    end() {
      step.abort();
      for (const stop of stops) stop();
    },
  };
}

export interface BodyRate {
  begin(): void;
  /** @throws PeerpatchError PEER_TOO_SLOW */
  moved(bytes: number): void;
  end(): void;
}

export function createBodyRate(clock: Clock, { windowMs, minBytesPerSecond }: PaceLimits): BodyRate {
  let bodies = 0;
  let countedAt = 0;
  let waitedMs = 0;
  let movedBytes = 0;
  const count = (): void => {
    if (bodies > 0) waitedMs += clock.monotonic() - countedAt;
    countedAt = clock.monotonic();
  };
  return {
    begin() {
      count();
      bodies += 1;
    },
    moved(bytes) {
      count();
      movedBytes += bytes;
      if (waitedMs < windowMs) return;
      const [seconds, rate] = [waitedMs / SECOND_MS, Math.floor(movedBytes / (waitedMs / SECOND_MS))];
      waitedMs = 0;
      movedBytes = 0;
      if (rate >= minBytesPerSecond) return;
      throw new PeerpatchError(
        'PEER_TOO_SLOW',
        `the mirror sent ${rate} bytes a second over ${Math.round(seconds)} s, the least is ${minBytesPerSecond}`,
      );
    },
    end() {
      count();
      bodies -= 1;
    },
  };
}
