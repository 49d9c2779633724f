/**
 * When an installed update starts running: at once, at the next start, or at a time of day.
 *
 * As text: `now`, `on-restart`, `at 03:30`. Spec: docs/spec/08-schedule.md. Plain values, because they cross a thread.
 *
 * @module
 */
import { PeerpatchError } from '../base/errors.ts';

/** A time of day on the machine's own clock, its time zone included. */
export interface TimeOfDay {
  /** 0 to 23. */
  readonly hour: number;
  /** 0 to 59. */
  readonly minute: number;
}

export type UpdateMode =
  { readonly kind: 'now' } | { readonly kind: 'on-restart' } | ({ readonly kind: 'at' } & TimeOfDay);

/** The update modes, named as rustpatcher names them. */
export interface UpdaterModes {
  /** Restart as soon as an update is installed. */
  readonly Now: UpdateMode;
  /** Leave the restart to whoever runs the program. */
  readonly OnRestart: UpdateMode;
  /** Restart when the local time next reaches `hour`:`minute`. @throws PeerpatchError OPTION_INVALID */
  readonly At: (hour: number, minute: number) => UpdateMode;
}

export const UpdaterMode: UpdaterModes = Object.freeze<UpdaterModes>({
  Now: Object.freeze({ kind: 'now' as const }),
  OnRestart: Object.freeze({ kind: 'on-restart' as const }),
  At: (hour: number, minute: number) => {
    if (!isWithin(hour, 23) || !isWithin(minute, 59)) {
      throw new PeerpatchError(
        'OPTION_INVALID',
        `${hour}:${minute} is not a time of day: expected an hour from 0 to 23 and a minute from 0 to 59`,
      );
    }
    return Object.freeze({ kind: 'at' as const, hour, minute });
  },
});

/** Reads `now`, `on-restart` or `at HH:MM`. @throws PeerpatchError OPTION_INVALID */
export function parseUpdateMode(text: string): UpdateMode {
  if (text === 'now') return UpdaterMode.Now;
  if (text === 'on-restart') return UpdaterMode.OnRestart;
  const [, hour, minute] = /^at (\d{2}):(\d{2})$/.exec(text) ?? [];
  if (hour === undefined || minute === undefined) {
    throw new PeerpatchError(
      'OPTION_INVALID',
      `${JSON.stringify(text.slice(0, 40))} is not an update mode: expected now, on-restart, or at HH:MM as in "at 03:30"`,
    );
  }
  return UpdaterMode.At(Number(hour), Number(minute));
}

/** Checks a mode that came from a caller without types. @throws PeerpatchError OPTION_INVALID */
export function checkUpdateMode(mode: UpdateMode): UpdateMode {
  switch (mode.kind) {
    case 'now':
      return UpdaterMode.Now;
    case 'on-restart':
      return UpdaterMode.OnRestart;
    case 'at':
      return UpdaterMode.At(mode.hour, mode.minute);
    default:
      throw new PeerpatchError(
        'OPTION_INVALID',
        'this is not an update mode: use UpdaterMode.Now, .OnRestart or .At(h, m)',
      );
  }
}

function isWithin(value: number, last: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= last;
}
