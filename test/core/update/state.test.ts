import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../../../src/core/base/units.ts';
import type { LocalTime } from '../../../src/core/schedule/due.ts';
import { UpdaterMode } from '../../../src/core/schedule/mode.ts';
import {
  afterFailure,
  afterInstall,
  afterReturn,
  atMoment,
  initialState,
  INSTALL,
  isRestartDue,
  isWaiting,
  RESTART,
  type Moment,
} from '../../../src/core/update/state.ts';
import { isBlocked } from '../../../src/core/update/backoff.ts';

const utc: LocalTime = {
  toUnixMs: ({ year, month, day }, { hour, minute }) => Date.UTC(year, month - 1, day, hour, minute),
  fromUnixMs: (unixMs) => {
    const date = new Date(unixMs);
    return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
  },
};
const NOON = Date.UTC(2026, 5, 1, 12);

function moment(nowMs: number, monotonicMs = 0): Moment {
  return { nowMs, monotonicMs, zone: utc };
}

describe('the state of an update', () => {
  const running = initialState('1.0.0');

  it('waits for nothing when the program file is what runs again', () => {
    const waiting = afterInstall(running, '1.1.0', UpdaterMode.Now, moment(NOON));
    expect(isRestartDue(waiting, moment(NOON))).toBe(true);
    const returned = afterReturn(waiting, '1.0.0');
    expect(returned).toMatchObject({ installed: '1.0.0', restartAt: undefined });
    expect(isRestartDue(returned, moment(NOON))).toBe(false);
  });

  it('waits for nothing when the program file is older than what runs', () => {
    const returned = afterReturn(running, '0.9.0');
    expect(returned).toMatchObject({ running: '1.0.0', installed: '0.9.0' });
    expect([isWaiting(returned), isRestartDue(returned, moment(NOON))]).toEqual([false, false]);
    const later = afterInstall(returned, '1.1.0', UpdaterMode.Now, moment(NOON));
    expect([isWaiting(later), isRestartDue(later, moment(NOON))]).toEqual([true, true]);
  });

  it('waits for nothing at first', () => {
    expect(isWaiting(running)).toBe(false);
    expect(isRestartDue(running, moment(NOON))).toBe(false);
    expect(running.installed).toBe('1.0.0');
  });

  it('looks for what is above the installed release, not the running one', () => {
    const state = afterInstall(running, '1.2.0', UpdaterMode.OnRestart, moment(NOON));
    expect(state.installed).toBe('1.2.0');
    expect(state.running).toBe('1.0.0');
  });

  const due: [name: string, mode: (typeof UpdaterMode)['Now'], atMs: number, isDue: boolean][] = [
    ['now: at once', UpdaterMode.Now, NOON, true],
    ['on-restart: never', UpdaterMode.OnRestart, NOON + 1000 * HOUR_MS, false],
    ['at 13:30: not a minute before', UpdaterMode.At(13, 30), NOON + 89 * MINUTE_MS, false],
    ['at 13:30: when it is', UpdaterMode.At(13, 30), NOON + 90 * MINUTE_MS, true],
    ['at 13:30: hours late, after sleep', UpdaterMode.At(13, 30), NOON + 9 * HOUR_MS, true],
    ['at 11:00: not today any more', UpdaterMode.At(11, 0), NOON + HOUR_MS, false],
    ['at 11:00: tomorrow', UpdaterMode.At(11, 0), NOON + 23 * HOUR_MS, true],
  ];
  for (const [name, mode, atMs, isDue] of due) {
    it(`is due ${name}`, () => {
      const state = afterInstall(running, '1.1.0', mode, moment(NOON));
      expect(isRestartDue(state, moment(atMs))).toBe(isDue);
    });
  }

  it('puts a failed restart off without forgetting it', () => {
    const installed = afterInstall(running, '1.1.0', UpdaterMode.Now, moment(NOON));
    const failed = afterFailure(installed, RESTART, moment(NOON));
    expect(isRestartDue(failed, moment(NOON, MINUTE_MS - 1))).toBe(false);
    expect(isRestartDue(failed, moment(NOON, MINUTE_MS))).toBe(true);
  });

  it('forgets failures to install once one has worked', () => {
    const failed = afterFailure(running, INSTALL, moment(NOON));
    expect(isBlocked(failed.failures, INSTALL, 0)).toBe(true);
    const installed = afterInstall(failed, '1.1.0', UpdaterMode.Now, moment(NOON));
    expect(isBlocked(installed.failures, INSTALL, 0)).toBe(false);
  });

  it('computes a deadline again when the clock was set back by days', () => {
    const state = afterInstall(running, '1.1.0', UpdaterMode.At(13, 0), moment(NOON));
    const back = NOON - 48 * HOUR_MS;
    const revised = atMoment(state, UpdaterMode.At(13, 0), moment(back));
    expect(revised.restartAt).toBe(back + HOUR_MS);
  });

  it('keeps a deadline that makes sense', () => {
    const state = afterInstall(running, '1.1.0', UpdaterMode.At(13, 0), moment(NOON));
    expect(atMoment(state, UpdaterMode.At(13, 0), moment(NOON + HOUR_MS / 2))).toBe(state);
  });
});
