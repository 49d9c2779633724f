import { expect, it } from 'vitest';
import { poll, type PollOptions } from '../../src/agent/poll.ts';
import { PeerpatchError } from '../../src/core/base/errors.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { repeatableRandom } from '../support/record-samples.ts';

const MIDDLE = { fraction: () => 0.5, bytes: repeatableRandom().bytes };

function start(options: Partial<PollOptions>): { clock: FakeClock; stop: AbortController; ended: Promise<void> } {
  const clock = new FakeClock();
  const stop = new AbortController();
  const ended = poll({
    intervalMs: 60_000,
    clock,
    random: MIDDLE,
    signal: stop.signal,
    turn: () => Promise.resolve(),
    onError: (error) => {
      throw error;
    },
    ...options,
  });
  return { clock, stop, ended };
}

it('takes the first turn at once and then one an interval', async () => {
  let turns = 0;
  const { clock, stop, ended } = start({ turn: () => Promise.resolve(turns++) });
  await clock.advance(0);
  expect(turns).toBe(1);
  await clock.advance(59_999);
  expect(turns).toBe(1);
  await clock.advance(1);
  expect(turns).toBe(2);
  await clock.advance(10 * 60_000);
  expect(turns).toBe(12);
  stop.abort();
  await ended;
});

it('reports failures and goes on', async () => {
  const failures: unknown[] = [];
  const failure = new PeerpatchError('DHT_UNREACHABLE', 'no node answered');
  const { clock, stop, ended } = start({
    turn: () => Promise.reject(failure),
    onError: (error) => failures.push(error),
  });
  await clock.advance(3 * 60_000);
  expect(failures).toEqual([failure, failure, failure, failure]);
  stop.abort();
  await ended;
});

it('ends with what onError throws', async () => {
  const bug = new TypeError('a bug');
  const { clock, ended } = start({ turn: () => Promise.reject(bug) });
  await expect(ended).rejects.toBe(bug);
  expect(clock.sleeping).toBe(0);
});

it('stops in the middle of a pause, and leaves no timer', async () => {
  const { clock, stop, ended } = start({});
  await clock.advance(1);
  expect(clock.sleeping).toBe(1);
  stop.abort();
  await ended;
  expect(clock.sleeping).toBe(0);
});

it('gives the turn its signal, and reports no failure that the stop caused', async () => {
  const failures: unknown[] = [];
  const { clock, stop, ended } = start({
    turn: (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      }),
    onError: (error) => failures.push(error),
  });
  await clock.advance(1);
  stop.abort();
  await ended;
  expect(failures).toEqual([]);
});

it('takes no turn when it is stopped before it starts', async () => {
  let turns = 0;
  const { ended } = start({ signal: AbortSignal.abort(), turn: () => Promise.resolve(turns++) });
  await ended;
  expect(turns).toBe(0);
});

it.each([
  [0, 54_000],
  [0.5, 60_000],
  [0.999999, 66_000],
])('pauses a tenth more or less by chance: %d gives %i ms', async (fraction, expected) => {
  let turns = 0;
  const { clock, stop, ended } = start({
    random: { ...MIDDLE, fraction: () => fraction },
    turn: () => Promise.resolve(turns++),
  });
  await clock.advance(expected - 1);
  expect(turns).toBe(1);
  await clock.advance(1);
  expect(turns).toBe(2);
  stop.abort();
  await ended;
});
