import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDue, keepDeadline, nextDeadline, type LocalTime } from '../../../src/core/schedule/due.ts';
import { timeZone } from '../../support/time-zone.ts';

const BERLIN = timeZone('Europe/Berlin');
const HOUR_MS = 3_600_000;

const at = (text: string): { hour: number; minute: number } => ({
  hour: Number(text.slice(0, 2)),
  minute: Number(text.slice(3)),
});
const ms = (iso: string): number => Date.parse(iso);
const iso = (unixMs: number): string => new Date(unixMs).toISOString();

describe('nextDeadline in Europe/Berlin', () => {
  it.each<[name: string, time: string, now: string, deadline: string]>([
    ['later today', '03:30', '2026-01-15T00:00:00Z', '2026-01-15T02:30:00.000Z'],
    ['tomorrow', '03:30', '2026-01-15T12:00:00Z', '2026-01-16T02:30:00.000Z'],
    ['one millisecond before', '03:30', '2026-01-15T02:29:59.999Z', '2026-01-15T02:30:00.000Z'],
    ['at the very moment: tomorrow', '03:30', '2026-01-15T02:30:00Z', '2026-01-16T02:30:00.000Z'],
    ['the local day is ahead of UTC', '00:10', '2026-01-14T23:05:00Z', '2026-01-14T23:10:00.000Z'],
    ['across midnight', '00:00', '2026-01-15T22:59:00Z', '2026-01-15T23:00:00.000Z'],
    ['the last minute of the day', '23:59', '2026-01-15T22:59:30Z', '2026-01-16T22:59:00.000Z'],
    ['across the end of a month', '03:30', '2026-04-30T12:00:00Z', '2026-05-01T01:30:00.000Z'],
    ['across the end of a year', '03:30', '2026-12-31T12:00:00Z', '2027-01-01T02:30:00.000Z'],
    ['across the end of February in a leap year', '03:30', '2028-02-28T12:00:00Z', '2028-02-29T02:30:00.000Z'],
    ['before the clocks go forward', '03:30', '2026-03-28T12:00:00Z', '2026-03-29T01:30:00.000Z'],
    ['a time that is skipped: right after the gap', '02:30', '2026-03-29T00:00:00Z', '2026-03-29T01:30:00.000Z'],
    ['after a skipped time: the next day', '02:30', '2026-03-29T01:30:00Z', '2026-03-30T00:30:00.000Z'],
    ['a time that occurs twice: the first', '02:30', '2026-10-25T00:00:00Z', '2026-10-25T00:30:00.000Z'],
    ['between the two: not again, but the next day', '02:30', '2026-10-25T00:31:00Z', '2026-10-26T01:30:00.000Z'],
    ['a day of 25 hours', '12:00', '2026-10-24T10:00:00Z', '2026-10-25T11:00:00.000Z'],
  ])('%s', (_name, time, now, deadline) => {
    expect(iso(nextDeadline(at(time), ms(now), BERLIN))).toBe(deadline);
  });
});

describe('nextDeadline elsewhere', () => {
  it.each<[zone: string, time: string, now: string, deadline: string]>([
    ['UTC', '03:30', '2026-06-01T03:29:00Z', '2026-06-01T03:30:00.000Z'],
    ['Asia/Kathmandu', '03:30', '2026-06-01T00:00:00Z', '2026-06-01T21:45:00.000Z'],
    ['America/New_York', '20:00', '2026-06-01T23:00:00Z', '2026-06-02T00:00:00.000Z'],
    ['Pacific/Kiritimati', '00:00', '2026-06-01T09:59:00Z', '2026-06-01T10:00:00.000Z'],
    // This zone had no 30 December 2011 at all: its whole day was skipped.
    ['Pacific/Apia', '09:00', '2011-12-29T20:00:00Z', '2011-12-30T19:00:00.000Z'],
  ])('%s %s', (zone, time, now, deadline) => {
    expect(iso(nextDeadline(at(time), ms(now), timeZone(zone)))).toBe(deadline);
  });

  it('is always ahead, at most 25 hours, and shows the time asked for', () => {
    const moments = fc.integer({ min: ms('2024-01-01T00:00:00Z'), max: ms('2034-01-01T00:00:00Z') });
    fc.assert(
      fc.property(moments, fc.nat(23), fc.nat(59), (nowMs, hour, minute) => {
        const deadline = nextDeadline({ hour, minute }, nowMs, BERLIN);
        expect(deadline).toBeGreaterThan(nowMs);
        expect(deadline - nowMs).toBeLessThanOrEqual(25 * HOUR_MS);
        const shown = new Date(deadline).toLocaleTimeString('en-GB', { timeZone: 'Europe/Berlin', timeStyle: 'short' });
        const asked = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
        // Two o'clock does not exist on one day of the year.
        if (hour !== 2) expect(shown).toBe(asked);
      }),
    );
  });

  it('says so when a zone never comes to the time', () => {
    const stuck: LocalTime = { toUnixMs: () => 0, fromUnixMs: () => ({ year: 2026, month: 1, day: 1 }) };
    expect(() => nextDeadline(at('03:30'), 1, stuck)).toThrow(RangeError);
  });
});

describe('isDue', () => {
  it.each<[name: string, now: string, due: boolean]>([
    ['not before', '2026-01-15T02:29:59.999Z', false],
    ['at the moment', '2026-01-15T02:30:00Z', true],
    ['after a night of sleep', '2026-01-15T09:00:00Z', true],
    ['after days of sleep', '2026-01-19T01:00:00Z', true],
  ])('%s', (_name, now, due) => {
    expect(isDue(ms('2026-01-15T02:30:00Z'), ms(now))).toBe(due);
  });
});

describe('keepDeadline', () => {
  const deadline = '2026-01-15T02:30:00.000Z';
  it.each<[name: string, now: string, zone: LocalTime, kept: string]>([
    ['time goes by', '2026-01-15T02:00:00Z', BERLIN, deadline],
    ['it has come', '2026-01-15T02:30:00Z', BERLIN, deadline],
    ['it came while the machine slept', '2026-01-17T08:00:00Z', BERLIN, deadline],
    ['the clock is set back by an hour', '2026-01-15T01:00:00Z', BERLIN, deadline],
    ['the clock is set back by a day', '2026-01-14T01:00:00Z', BERLIN, '2026-01-14T02:30:00.000Z'],
    ['the clock is set back by years', '2020-07-01T12:00:00Z', BERLIN, '2020-07-02T01:30:00.000Z'],
    [
      'the machine moves to another zone',
      '2026-01-15T02:00:00Z',
      timeZone('Europe/Lisbon'),
      '2026-01-15T03:30:00.000Z',
    ],
  ])('%s', (_name, now, zone, kept) => {
    const next = keepDeadline({ time: at('03:30'), deadlineMs: ms(deadline), nowMs: ms(now), zone });
    expect(iso(next)).toBe(kept);
  });
});
