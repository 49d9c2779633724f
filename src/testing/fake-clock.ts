/**
 * A clock that moves only when told to: a day of minutes passes in a millisecond of test.
 *
 * @module
 */
import type { Clock } from '../ports/clock.ts';

interface Sleeper {
  readonly wakeAt: number;
  readonly wake: () => void;
}

export class FakeClock implements Clock {
  #elapsed = 0;
  #wall: number;
  #sleepers: Sleeper[] = [];

  /** @param startMs Unix milliseconds at which the clock stands */
  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.#wall = startMs;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason as Error);
      };
      const sleeper: Sleeper = {
        wakeAt: this.#elapsed + ms,
        wake: () => {
          signal?.removeEventListener('abort', fail);
          resolve();
        },
      };
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      signal?.addEventListener('abort', fail, { once: true });
      this.#sleepers.push(sleeper);
    });
  }

  /** Sleepers now waiting: lets a test wait until the code under test sleeps. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** Moves both clocks forward, waking sleepers in order; what they start runs before the next one wakes. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    for (;;) {
      await settle();
      const next = this.#sleepers.filter(({ wakeAt }) => wakeAt <= end).sort((a, b) => a.wakeAt - b.wakeAt)[0];
      if (next === undefined) break;
      this.#sleepers = this.#sleepers.filter((other) => other !== next);
      this.#move(Math.max(next.wakeAt - this.#elapsed, 0));
      next.wake();
    }
    this.#move(end - this.#elapsed);
    await settle();
  }

  /** Sets the wall clock without letting time pass: what an administrator or NTP does. */
  setWallClock(unixMs: number): void {
    this.#wall = unixMs;
  }

  #move(ms: number): void {
    this.#elapsed += ms;
    this.#wall += ms;
  }
}

/** Lets every promise that can settle do so. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
