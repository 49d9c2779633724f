import { describe, expect, it } from 'vitest';
import { createPace } from '../../src/agent/pace.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

const LIMITS = { idleMs: 1000, windowMs: 3000, minBytesPerSecond: 10 };

/** Waits that take `[ms, bytes]` each, with pauses of `pauseMs` on our side between them. */
async function run(waits: readonly (readonly [number, number])[], pauseMs = 0): Promise<unknown> {
  const clock = new FakeClock();
  const pace = createPace(clock, LIMITS);
  let outcome: unknown = 'running';
  void (async () => {
    for (const [ms, bytes] of waits) {
      await pace.wait(
        (signal) => clock.sleep(ms, signal),
        () => bytes,
      );
      await clock.sleep(pauseMs);
    }
  })().then(
    () => (outcome = 'done'),
    (error: unknown) => (outcome = (error as { code?: unknown }).code),
  );
  await clock.advance(100_000);
  expect(clock.sleeping).toBe(0);
  return outcome;
}

describe('pace', () => {
  const cases: [name: string, waits: readonly (readonly [number, number])[], outcome: string][] = [
    ['fast enough', [[999, 100], [999, 100], [999, 100], [999, 100]], 'done'],
    ['one silent wait', [[999, 100], [1000, 100]], 'PEER_TIMEOUT'],
    ['just fast enough over a window', [[750, 10], [750, 10], [750, 10], [750, 0]], 'done'],
    ['just too slow over a window', [[750, 10], [750, 10], [750, 9], [750, 0]], 'PEER_TOO_SLOW'],
    ['slow, but the window is not over', [[750, 0], [750, 0], [750, 0]], 'done'],
    ['too slow in the second window only', [[750, 99], [750, 99], [750, 99], [750, 99], [750, 1], [750, 1], [750, 1], [750, 1]], 'PEER_TOO_SLOW'],
  ]; // prettier-ignore
  it.each(cases)('%s', async (_name, waits, outcome) => {
    expect(await run(waits)).toBe(outcome);
  });

  it('does not count the time between the waits', async () => {
    expect(await run([[500, 10], [500, 10], [500, 10], [500, 10], [500, 10], [500, 10]], 9000)).toBe('done'); // prettier-ignore
  });

  it('ends a wait with the reason of its signal', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    const waiting = createPace(clock, LIMITS, stop.signal).wait(
      (signal) => clock.sleep(500, signal),
      () => 0,
    );
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect(clock.sleeping).toBe(0);
  });
});
