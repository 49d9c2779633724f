import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../../../src/core/base/units.ts';
import {
  isBlocked,
  NO_FAILURES,
  withFailure,
  withoutFailures,
  type Backoff,
} from '../../../src/core/update/backoff.ts';

function failedTimes(times: number, at = 0): Backoff {
  let backoff = NO_FAILURES;
  for (let time = 0; time < times; time++) backoff = withFailure(backoff, 'peer', at);
  return backoff;
}

describe('backoff', () => {
  it('blocks nobody who has not failed', () => {
    expect(isBlocked(NO_FAILURES, 'peer', 0)).toBe(false);
  });

  const pauses: [failures: number, pauseMs: number][] = [
    [1, MINUTE_MS],
    [2, 2 * MINUTE_MS],
    [3, 4 * MINUTE_MS],
    [6, 32 * MINUTE_MS],
    [7, HOUR_MS],
    [50, HOUR_MS],
  ];
  for (const [failures, pauseMs] of pauses) {
    it(`blocks for ${pauseMs / MINUTE_MS} minutes after ${failures} failures`, () => {
      const backoff = failedTimes(failures, 1000);
      expect(isBlocked(backoff, 'peer', 1000 + pauseMs - 1)).toBe(true);
      expect(isBlocked(backoff, 'peer', 1000 + pauseMs)).toBe(false);
    });
  }

  // One more failure, so long after the pause of those before it has ended.
  const later: [failures: number, quietMs: number, pauseMs: number][] = [
    [1, 0, 2 * MINUTE_MS],
    [1, HOUR_MS, 2 * MINUTE_MS],
    [1, HOUR_MS + 1, MINUTE_MS],
    [6, HOUR_MS, HOUR_MS],
    [7, 0, HOUR_MS],
    [7, HOUR_MS, HOUR_MS],
    [7, HOUR_MS + 1, MINUTE_MS],
    [50, 30 * 24 * HOUR_MS, MINUTE_MS],
  ];
  it.each(later)('after %d failures and %d ms of quiet blocks for %d ms', (failures, quietMs, pauseMs) => {
    const before = failedTimes(failures, 1000);
    const at = 1000 + Math.min(MINUTE_MS * 2 ** (failures - 1), HOUR_MS) + quietMs;
    const backoff = withFailure(before, 'peer', at);
    expect(isBlocked(backoff, 'peer', at + pauseMs - 1)).toBe(true);
    expect(isBlocked(backoff, 'peer', at + pauseMs)).toBe(false);
  });

  it('grows again from the first failure after a long quiet', () => {
    const at = 30 * 24 * HOUR_MS;
    const backoff = withFailure(withFailure(failedTimes(7), 'peer', at), 'peer', at + MINUTE_MS);
    expect(isBlocked(backoff, 'peer', at + 3 * MINUTE_MS - 1)).toBe(true);
    expect(isBlocked(backoff, 'peer', at + 3 * MINUTE_MS)).toBe(false);
  });

  it('blocks only the one who failed', () => {
    expect(isBlocked(failedTimes(3), 'other', 0)).toBe(false);
  });

  it('starts from one minute again after a success', () => {
    const backoff = withFailure(withoutFailures(failedTimes(5), 'peer'), 'peer', 0);
    expect(isBlocked(backoff, 'peer', MINUTE_MS)).toBe(false);
  });

  const blockedFor = (backoff: Backoff, pauseMs: number): boolean =>
    isBlocked(backoff, 'peer', pauseMs - 1) && !isBlocked(backoff, 'peer', pauseMs);

  it('starts from one minute again for one that gave something before it failed', () => {
    expect(blockedFor(withFailure(failedTimes(5), 'peer', 0, { isAfterGiving: true }), MINUTE_MS)).toBe(true);
  });

  it.each([
    ['an earlier failure was a lie', [{ isLie: true }, {}, { isAfterGiving: true }]],
    ['this one is', [{}, {}, { isLie: true, isAfterGiving: true }]],
    ['a lie was before failures that were not', [{ isLie: true }, { isAfterGiving: true }, { isAfterGiving: true }]],
  ])('forgives nothing where %s', (_name, marks) => {
    const backoff = marks.reduce((before, mark) => withFailure(before, 'peer', 0, mark), NO_FAILURES);
    expect(blockedFor(backoff, 4 * MINUTE_MS)).toBe(true);
  });

  it('is short after a weak mark, which makes no later pause longer and no earlier one shorter', () => {
    const weak = { isWeak: true };
    expect(blockedFor(withFailure(NO_FAILURES, 'peer', 0, weak), MINUTE_MS)).toBe(true);
    expect(blockedFor(withFailure(withFailure(NO_FAILURES, 'peer', 0, weak), 'peer', 0, weak), MINUTE_MS)).toBe(true);
    expect(blockedFor(withFailure(withFailure(NO_FAILURES, 'peer', 0, weak), 'peer', 0), MINUTE_MS)).toBe(true);
    expect(blockedFor(withFailure(failedTimes(3), 'peer', 0, weak), 4 * MINUTE_MS)).toBe(true);
  });

  it('forgets a lie with all other failures after a long quiet', () => {
    const at = 30 * 24 * HOUR_MS;
    let backoff = withFailure(withFailure(NO_FAILURES, 'peer', 0, { isLie: true }), 'peer', at);
    for (let more = 0; more < 3; more++) backoff = withFailure(backoff, 'peer', at, { isAfterGiving: true });
    expect(blockedFor(backoff, at + MINUTE_MS)).toBe(true);
  });

  it('stays bounded when strangers choose the keys, and keeps the longest pauses', () => {
    let backoff = failedTimes(7);
    for (let stranger = 0; stranger < 3000; stranger++) backoff = withFailure(backoff, `stranger ${stranger}`, 0);
    expect(backoff.size).toBe(1024);
    expect(isBlocked(backoff, 'peer', HOUR_MS - 1)).toBe(true);
  });

  it('does not change the value it is given', () => {
    withFailure(NO_FAILURES, 'peer', 0);
    expect(NO_FAILURES.size).toBe(0);
  });
});
