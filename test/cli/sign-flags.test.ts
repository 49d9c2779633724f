import { describe, expect, it } from 'vitest';
import { parseDuration, parseRollout, parseWhen, rolloutOf, secondsOf } from '../../src/cli/sign-flags.ts';

const NOW = 1_790_000_000;

describe('flags of sign', () => {
  it.each([
    ['90d', 7_776_000],
    ['48h', 172_800],
    ['30m', 1800],
    ['45s', 45],
    ['2w', 1_209_600],
    ['0s', 0],
  ])('%s is %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each(['', '90', 'd', '-1d', '1.5h', '1 d', '1y', '1000000s', '1dd'])('%j is no length of time', (text) => {
    expect(() => parseDuration(text)).toThrow('Expected a length of time');
  });

  it.each([
    ['90d', NOW + 7_776_000],
    ['2026-12-01', Date.UTC(2026, 11, 1) / 1000],
    ['2026-12-01T08:00Z', Date.UTC(2026, 11, 1, 8) / 1000],
    ['2026-12-01T08:00:30+02:00', Date.UTC(2026, 11, 1, 6, 0, 30) / 1000],
  ])('%s is a moment', (text, seconds) => {
    expect(secondsOf(parseWhen(text), NOW)).toBe(seconds);
  });

  // Local times: another moment on every machine.
  it.each(['2027-02-31', '2027-02-29T08:00Z'])('refuses a day that there is not: %s', (text) => {
    expect(() => parseWhen(text)).toThrow(`There is no ${text.slice(0, 10)}.`);
  });

  it.each(['', 'tomorrow', '2026-12-01T08:00', '2026-13-01', '2026-12-01 08:00Z', '1790000000', '2026'])(
    '%j is no moment',
    (text) => {
      expect(() => parseWhen(text)).toThrow('Expected');
    },
  );

  it('a rollout begins now, or when it says; at once, or along a ramp', () => {
    const of = (rollout: string, ramp?: number) =>
      rolloutOf({ rollout: parseRollout(rollout), ...(ramp !== undefined && { ramp }) }, NOW);
    expect(of('25%')).toEqual({ percent: 25, startsAt: NOW, rampSeconds: 0 });
    expect(of('0%@2d', 60)).toEqual({ percent: 0, startsAt: NOW + 172_800, rampSeconds: 60 });
    expect(of('100%@2026-12-01')).toEqual({ percent: 100, startsAt: Date.UTC(2026, 11, 1) / 1000, rampSeconds: 0 });
    expect(rolloutOf({}, NOW)).toBeUndefined();
  });

  it.each(['', '25', '101%', '-1%', '2.5%', '25%@', '25%@soon', '25 %'])('%j is no rollout', (text) => {
    expect(() => parseRollout(text)).toThrow('Expected');
  });
});
