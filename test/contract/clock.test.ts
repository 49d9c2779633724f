import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/io/system/clock.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

interface Subject {
  readonly clock: Clock;
  /** Lets so much time pass. */
  readonly pass: (ms: number) => Promise<void>;
}

const subjects: [name: string, subject: () => Subject][] = [
  ['the system clock', () => ({ clock: systemClock, pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) })],
  [
    'the fake clock',
    () => {
      const clock = new FakeClock();
      return { clock, pass: (ms) => clock.advance(ms) };
    },
  ],
];

describe.each(subjects)('%s', (_name, subject) => {
  it('wakes a sleeper after its time and not before', async () => {
    const { clock, pass } = subject();
    const began = clock.monotonic();
    let wokeAfter: number | undefined;
    const sleeping = clock.sleep(60).then(() => (wokeAfter = clock.monotonic() - began));
    await pass(20);
    expect(wokeAfter).toBeUndefined();
    await pass(60);
    await sleeping;
    expect(wokeAfter).toBeGreaterThanOrEqual(59); // timers may be a fraction of a millisecond early
  });

  it('moves both of its times forward', async () => {
    const { clock, pass } = subject();
    const [wall, monotonic] = [clock.now(), clock.monotonic()];
    await pass(30);
    expect(clock.now() - wall).toBeGreaterThanOrEqual(29);
    expect(clock.monotonic() - monotonic).toBeGreaterThanOrEqual(29);
  });

  it('tells the wall clock in Unix milliseconds', () => {
    expect(subject().clock.now()).toBeGreaterThan(Date.UTC(2025, 0, 1));
  });

  it('ends a sleep with the reason of its signal', async () => {
    const { clock } = subject();
    const stop = new AbortController();
    const sleeping = clock.sleep(60_000, stop.signal);
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
  });

  it('does not begin to sleep for a signal that is aborted already', async () => {
    const reason = new Error('too late');
    await expect(subject().clock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('wakes sleepers in the order of their times', async () => {
    const { clock, pass } = subject();
    const woken: string[] = [];
    const sleeps = [
      clock.sleep(50).then(() => woken.push('second')),
      clock.sleep(20).then(() => woken.push('first')),
      clock.sleep(80).then(() => woken.push('third')),
    ];
    await pass(100);
    await Promise.all(sleeps);
    expect(woken).toEqual(['first', 'second', 'third']);
  });
});
