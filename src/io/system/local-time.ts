/**
 * The machine's time zone, as the language knows it.
 *
 * @module
 */
import type { LocalTime } from '../../core/schedule/due.ts';

export const systemLocalTime: LocalTime = {
  toUnixMs: ({ year, month, day }, { hour, minute }) => new Date(year, month - 1, day, hour, minute).getTime(),
  fromUnixMs: (unixMs) => {
    const date = new Date(unixMs);
    return { year: date.getFullYear(), month: date.getMonth() + 1, day: date.getDate() };
  },
};
