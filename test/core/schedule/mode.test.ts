import { describe, expect, it } from 'vitest';
import { checkUpdateMode, parseUpdateMode, UpdaterMode, type UpdateMode } from '../../../src/core/schedule/mode.ts';

const invalid = expect.objectContaining({ code: 'OPTION_INVALID' }) as Error;

describe('UpdaterMode', () => {
  it('makes plain values', () => {
    expect(UpdaterMode.Now).toEqual({ kind: 'now' });
    expect(UpdaterMode.OnRestart).toEqual({ kind: 'on-restart' });
    expect(UpdaterMode.At(3, 5)).toEqual({ kind: 'at', hour: 3, minute: 5 });
  });

  it('makes values that cross a thread and cannot be changed', () => {
    for (const mode of [UpdaterMode.Now, UpdaterMode.OnRestart, UpdaterMode.At(0, 0)]) {
      expect(structuredClone(mode)).toEqual(mode);
      expect(Object.isFrozen(mode)).toBe(true);
    }
  });

  it.each([
    [0, 0],
    [23, 59],
  ])('accepts %i:%i', (hour, minute) => {
    expect(UpdaterMode.At(hour, minute)).toEqual({ kind: 'at', hour, minute });
  });

  it.each([
    [24, 0],
    [-1, 0],
    [0, 60],
    [0, -1],
    [3.5, 0],
    [3, 0.5],
    [NaN, 0],
    [0, Infinity],
    ['3' as unknown as number, 0],
  ])('refuses %s:%s', (hour, minute) => {
    expect(() => UpdaterMode.At(hour, minute)).toThrow(invalid);
  });
});

describe('parseUpdateMode', () => {
  it.each<[text: string, mode: UpdateMode]>([
    ['now', UpdaterMode.Now],
    ['on-restart', UpdaterMode.OnRestart],
    ['at 00:00', UpdaterMode.At(0, 0)],
    ['at 03:30', UpdaterMode.At(3, 30)],
    ['at 23:59', UpdaterMode.At(23, 59)],
  ])('reads %j', (text, mode) => {
    expect(parseUpdateMode(text)).toEqual(mode);
  });

  it.each([
    '',
    'Now',
    'at',
    'at 3:30',
    'at 24:00',
    'at 03:60',
    'at 03:30 ',
    'at  03:30',
    '03:30',
    'at 03:30\n',
    'at ٠٣:٣٠',
  ])('refuses %j', (text) => {
    expect(() => parseUpdateMode(text)).toThrow(invalid);
  });
});

describe('checkUpdateMode', () => {
  it.each<[mode: UpdateMode]>([[{ kind: 'now' }], [{ kind: 'on-restart' }], [{ kind: 'at', hour: 4, minute: 0 }]])(
    'accepts %j',
    (mode) => {
      expect(checkUpdateMode(mode)).toEqual(mode);
    },
  );

  it.each([{ kind: 'at', hour: 24, minute: 0 }, { kind: 'at' }, { kind: 'later' }, {}])('refuses %j', (mode) => {
    expect(() => checkUpdateMode(mode as UpdateMode)).toThrow(invalid);
  });
});
