/**
 * Time zones by name for tests of schedules: the machine's own zone must not matter.
 *
 * @module
 */
import type { LocalTime } from '../../src/core/schedule/due.ts';

/** @param name as in the IANA database, `Europe/Berlin` */
export function timeZone(name: string): LocalTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const local = (unixMs: number): { year: number; month: number; day: number; asUtcMs: number } => {
    const parts = Object.fromEntries(format.formatToParts(unixMs).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts as Partial<Record<string, number>>;
    return { year, month, day, asUtcMs: Date.UTC(year, month - 1, day, hour, minute, second) };
  };
  return {
    fromUnixMs: (unixMs) => {
      const { year, month, day } = local(unixMs);
      return { year, month, day };
    },
    toUnixMs: ({ year, month, day }, { hour, minute }) => {
      const asUtcMs = Date.UTC(year, month - 1, day, hour, minute);
      const dayMs = 24 * 60 * 60 * 1000;
      // The offsets before and after any change nearby; the earlier of two matches, or the old offset inside a gap.
      const moments = [asUtcMs - dayMs, asUtcMs + dayMs].map((near) => asUtcMs - (local(near).asUtcMs - near));
      const matches = moments.filter((moment) => local(moment).asUtcMs === asUtcMs);
      return matches.length > 0 ? Math.min(...matches) : (moments[0] ?? asUtcMs);
    },
  };
}
