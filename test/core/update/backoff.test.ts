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

  it('blocks only the one who failed', () => {
    expect(isBlocked(failedTimes(3), 'other', 0)).toBe(false);
  });

  it('starts from one minute again after a success', () => {
    const backoff = withFailure(withoutFailures(failedTimes(5), 'peer'), 'peer', 0);
    expect(isBlocked(backoff, 'peer', MINUTE_MS)).toBe(false);
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
