import { describe, expect, it } from 'vitest';
import { preflightMs, probationSettings, type ProbationOptions } from '../../../src/start/options/probation-options.ts';

describe('the options of a probation', () => {
  it('are completed with what most hosts want', () => {
    expect(probationSettings()).toEqual({
      confirm: 'alive',
      guard: 'auto',
      maxStarts: 3,
      aliveMs: 60_000,
      confirmMs: 300_000,
      hangMs: 30_000,
    });
    expect(probationSettings({ confirm: 'host', aliveMs: 1000 })).toMatchObject({ confirm: 'host', aliveMs: 1000 });
  });

  const refused: [name: string, options: Partial<Record<keyof ProbationOptions, unknown>>][] = [
    ['a way to confirm that is none', { confirm: 'never' }],
    ['a guard that is none', { guard: true }],
    ['no start at all', { maxStarts: 0 }],
    ['half a start', { maxStarts: 1.5 }],
    ['too many starts', { maxStarts: 101 }],
    ['a life shorter than a second', { aliveMs: 999 }],
    ['a life without end', { aliveMs: Infinity }],
    ['a confirmation that is no number', { confirmMs: Number.NaN }],
    ['a silence that a busy start has anyhow', { hangMs: 1000 }],
    ['a silence of days', { hangMs: 86_400_001 }],
  ];
  for (const [name, options] of refused) {
    it(`refuse ${name}`, () => {
      expect(() => probationSettings(options as ProbationOptions)).toThrow(
        expect.objectContaining({
          code: 'OPTION_INVALID',
          message: expect.stringContaining(`probation.${Object.keys(options)[0] ?? ''}`) as string,
        }),
      );
    });
  }
});

describe('the option of the preflight', () => {
  it('is ten seconds, a time, or nothing', () => {
    expect([preflightMs(), preflightMs({}), preflightMs({ timeoutMs: 2000 }), preflightMs(false)]).toEqual([
      10_000,
      10_000,
      2000,
      undefined,
    ]);
    expect(() => preflightMs({ timeoutMs: 10 })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});
