/**
 * The heartbeat of the host's event loop, in memory that the agent's thread sees. While the loop stands still nothing on the
 * main thread could tell; the other thread can.
 *
 * Words of the shared memory: 0 counts beats, 1 is 1 while somebody is to watch.
 *
 * @module
 */
import { SECOND_MS } from '../core/base/units.ts';

/** Two 32-bit words. */
export type Heartbeat = Int32Array<SharedArrayBuffer>;

const BEATS = 0;
const WATCHED = 1;
export const BEAT_INTERVAL_MS: number = SECOND_MS;

/** Beats until it is called again. Never keeps the process alive. */
export function startHeartbeat(): { readonly heartbeat: Heartbeat; readonly stop: () => void } {
  const heartbeat = new Int32Array(new SharedArrayBuffer(8));
  Atomics.store(heartbeat, WATCHED, 1);
  const timer = setInterval(() => Atomics.add(heartbeat, BEATS, 1), BEAT_INTERVAL_MS).unref();
  return {
    heartbeat,
    stop: () => {
      clearInterval(timer);
      Atomics.store(heartbeat, WATCHED, 0);
    },
  };
}

export interface HangWatchOptions {
  readonly heartbeat: Heartbeat;
  /** Without a beat for so long the loop hangs. */
  readonly hangMs: number;
  /** Called once. */
  readonly onHang: () => void;
  /** Milliseconds that never go back. Default: the system's. */
  readonly monotonic?: () => number;
}

/**
 * For another thread. Ends by itself when the host stops its heartbeat.
 *
 * Only time in which this thread runs counts: a machine that sleeps, or a process that is stopped, does not hang.
 *
 * @returns ends the watch
 */
export function watchHeartbeat({ heartbeat, hangMs, onHang, monotonic }: HangWatchOptions): () => void {
  const now = monotonic ?? ((): number => performance.now());
  let beats = Atomics.load(heartbeat, BEATS);
  let silentMs = 0;
  let last = now();
  const timer = setInterval(() => {
    const since = Math.min(now() - last, 2 * BEAT_INTERVAL_MS);
    last = now();
    if (Atomics.load(heartbeat, WATCHED) === 0) {
      clearInterval(timer);
      return;
    }
    const seen = Atomics.load(heartbeat, BEATS);
    silentMs = seen === beats ? silentMs + since : 0;
    beats = seen;
    if (silentMs < hangMs) return;
    clearInterval(timer);
    onHang();
  }, BEAT_INTERVAL_MS);
  return () => {
    clearInterval(timer);
  };
}
