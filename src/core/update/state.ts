/**
 * Where an update stands, as a value: what is running, what is on disk, who failed, when to restart.
 *
 * Steps go one way: a version is `installed` only after the program file is replaced, and nothing here is changed
 * before the thing it describes has happened. agent/update performs the effects.
 *
 * @module
 */
import { isDue, keepDeadline, nextDeadline, type LocalTime } from '../schedule/due.ts';
import type { UpdateMode } from '../schedule/mode.ts';
import { compareAppVersions } from '../statement/app-version.ts';
import { isBlocked, NO_FAILURES, withFailure, withoutFailures, type Backoff, type FailureMark } from './backoff.ts';

export interface UpdateState {
  /** The version this process runs. */
  readonly running: string;
  /** The version in the program file: the running one until an update is really installed; older after a roll back. */
  readonly installed: string;
  /** Unix milliseconds at which to restart; undefined when time does not decide. */
  readonly restartAt: number | undefined;
  /** Keys: what a candidate is blamed by, or {@link INSTALL} and {@link RESTART} for this machine's own failures. */
  readonly failures: Backoff;
}

/** Failures that are no peer's: a folder that cannot be written, a process that cannot be replaced. */
export const INSTALL = 'install';
export const RESTART = 'restart';

/** What the moment is, by each of the clocks that matter. */
export interface Moment {
  /** Wall clock, Unix milliseconds. */
  readonly nowMs: number;
  /** Milliseconds that never go back: for pauses. */
  readonly monotonicMs: number;
  readonly zone: LocalTime;
}

export function initialState(running: string): UpdateState {
  return { running, installed: running, restartAt: undefined, failures: NO_FAILURES };
}

/** Whether the program file is ahead of the running process. */
export function isWaiting(state: UpdateState): boolean {
  return compareAppVersions(state.installed, state.running) > 0;
}

/** After the program file became `version`. */
export function afterInstall(state: UpdateState, version: string, mode: UpdateMode, moment: Moment): UpdateState {
  return {
    ...state,
    installed: version,
    restartAt: restartTime(mode, moment),
    failures: withoutFailures(state.failures, INSTALL),
  };
}

/** After the program file became `version` again, what runs here or one below it: nothing waits any more. */
export function afterReturn(state: UpdateState, version: string): UpdateState {
  return { ...state, installed: version, restartAt: undefined };
}

/** After `key` failed. */
export function afterFailure(
  state: UpdateState,
  key: string,
  { monotonicMs }: Moment,
  mark?: FailureMark,
): UpdateState {
  return { ...state, failures: withFailure(state.failures, key, monotonicMs, mark) };
}

/** With a deadline that still makes sense: a clock set back by days must not put a restart off by days. */
export function atMoment(state: UpdateState, mode: UpdateMode, { nowMs, zone }: Moment): UpdateState {
  if (state.restartAt === undefined || mode.kind !== 'at') return state;
  const restartAt = keepDeadline({ time: mode, deadlineMs: state.restartAt, nowMs, zone });
  return restartAt === state.restartAt ? state : { ...state, restartAt };
}

/** Whether to ask for the restart now. */
export function isRestartDue(state: UpdateState, { nowMs, monotonicMs }: Moment): boolean {
  if (!isWaiting(state) || state.restartAt === undefined) return false;
  return isDue(state.restartAt, nowMs) && !isBlocked(state.failures, RESTART, monotonicMs);
}

function restartTime(mode: UpdateMode, { nowMs, zone }: Moment): number | undefined {
  switch (mode.kind) {
    case 'now':
      return nowMs;
    case 'at':
      return nextDeadline(mode, nowMs, zone);
    case 'on-restart':
      return undefined;
  }
}
