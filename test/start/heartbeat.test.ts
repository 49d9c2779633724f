import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startHeartbeat, watchHeartbeat } from '../../src/start/heartbeat.ts';

describe('the watch over a heartbeat', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function watch(hangMs = 5000): {
    readonly onHang: ReturnType<typeof vi.fn<() => void>>;
    readonly stopBeating: () => void;
    readonly words: Int32Array<SharedArrayBuffer>;
  } {
    const { heartbeat, stop } = startHeartbeat();
    const onHang = vi.fn<() => void>();
    watchHeartbeat({ heartbeat, hangMs, onHang, monotonic: () => Date.now() });
    return { onHang, stopBeating: stop, words: heartbeat };
  }

  it('is content as long as it beats', () => {
    const { onHang } = watch();
    vi.advanceTimersByTime(600_000);
    expect(onHang).not.toHaveBeenCalled();
  });

  it('tells once when it has been still for the whole time, and not before', () => {
    const heartbeat = new Int32Array(new SharedArrayBuffer(8));
    heartbeat[1] = 1;
    const onHang = vi.fn<() => void>();
    watchHeartbeat({ heartbeat, hangMs: 5000, onHang, monotonic: () => Date.now() });
    vi.advanceTimersByTime(4000);
    Atomics.add(heartbeat, 0, 1); // a late beat begins the time anew
    vi.advanceTimersByTime(5000);
    expect(onHang).not.toHaveBeenCalled();
    vi.advanceTimersByTime(60_000);
    expect(onHang).toHaveBeenCalledTimes(1);
  });

  it('ends when the host says that nobody has to watch any more', () => {
    const { onHang, stopBeating } = watch();
    vi.advanceTimersByTime(3000);
    stopBeating();
    vi.advanceTimersByTime(600_000);
    expect(onHang).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not count the time in which the machine slept', () => {
    const heartbeat = new Int32Array(new SharedArrayBuffer(8));
    heartbeat[1] = 1;
    const onHang = vi.fn<() => void>();
    let nowMs = 0;
    watchHeartbeat({ heartbeat, hangMs: 5000, onHang, monotonic: () => nowMs });
    nowMs = 3_600_000;
    vi.advanceTimersByTime(1000);
    expect(onHang).not.toHaveBeenCalled();
    for (let look = 0; look < 3; look++) {
      nowMs += 1000;
      vi.advanceTimersByTime(1000);
    }
    expect(onHang).toHaveBeenCalledTimes(1);
  });
});
