/**
 * The moment an update waits for, as an absolute time: computed once, then compared.
 *
 * A deadline that passed while the machine slept, or inside an hour that daylight saving skips, is due all the same.
 * Spec: docs/spec/08-schedule.md. Pure: the caller brings the clock and the time zone.
 *
 * @module
 */
import type { TimeOfDay } from './mode.ts';

/** A day of the local calendar. */
export interface LocalDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** From 1; where given to `toUnixMs` it may lie behind the month's end and means a day of the next month. */
  readonly day: number;
}

/** The machine's time zone. */
export interface LocalTime {
  /**
   * Unix milliseconds of a local time. Of a time that occurs twice the first; of a time that is skipped, any moment
   * within three hours of the gap.
   */
  toUnixMs(date: LocalDate, time: TimeOfDay): number;
  /** The local day of a moment. */
  fromUnixMs(unixMs: number): LocalDate;
}

/** A zone may skip a whole day when it moves across the date line. */
const DAYS_TRIED = 3;

/**
 * The first moment after `nowMs` at which local clocks show `time`, in Unix milliseconds.
 *
 * @throws RangeError when the zone has no such moment within three days: it is not a time zone
 */
export function nextDeadline(time: TimeOfDay, nowMs: number, zone: LocalTime): number {
  const today = zone.fromUnixMs(nowMs);
  for (let later = 0; later < DAYS_TRIED; later++) {
    const deadline = zone.toUnixMs({ ...today, day: today.day + later }, time);
    if (deadline > nowMs) return deadline;
  }
  throw new RangeError(`this time zone has no ${time.hour}:${time.minute} within ${DAYS_TRIED} days`);
}

/** Whether a deadline has come, however long ago. */
export function isDue(deadlineMs: number, nowMs: number): boolean {
  return nowMs >= deadlineMs;
}

export interface KeepDeadlineOptions {
  readonly time: TimeOfDay;
  /** What was the deadline until now, Unix milliseconds. */
  readonly deadlineMs: number;
  readonly nowMs: number;
  readonly zone: LocalTime;
}

/**
 * The deadline that counts now: the held one once it has come, otherwise the next. They differ when the clock was set
 * back, or the machine moved to another time zone.
 */
export function keepDeadline({ time, deadlineMs, nowMs, zone }: KeepDeadlineOptions): number {
  return isDue(deadlineMs, nowMs) ? deadlineMs : nextDeadline(time, nowMs, zone);
}
