import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPeerpatchError } from '../../../src/core/base/errors.ts';
import {
  compareVersions,
  formatVersion,
  isVersion,
  MAX_VERSION_PART,
  parseVersion,
  type Version,
} from '../../../src/core/release/version.ts';
import { failure } from '../../support/stamp-samples.ts';

const version = (major: number, minor: number, patch: number): Version => ({ major, minor, patch });

describe('version', () => {
  it.each([
    ['0.0.0', version(0, 0, 0)],
    ['1.2.3', version(1, 2, 3)],
    ['10.20.30', version(10, 20, 30)],
    ['2147483647.0.0', version(MAX_VERSION_PART, 0, 0)],
    ['12345.67890.1234', version(12345, 67890, 1234)], // sixteen characters: all a program has room for
    ['12345.67890.12345', version(12345, 67890, 12345)],
    ['2147483647.2147483647.2147483647', version(MAX_VERSION_PART, MAX_VERSION_PART, MAX_VERSION_PART)],
  ])('%s is read and written', (text, value) => {
    expect(parseVersion(text)).toEqual(value);
    expect(formatVersion(value)).toBe(text);
  });

  it.each([
    '',
    '1',
    '1.2',
    '1.2.3.4',
    '1.2.3-beta',
    '1.2.3+1',
    'v1.2.3',
    '+1.2.3',
    '-1.2.3',
    '01.2.3',
    '1.2.00',
    '1..3',
    ' 1.2.3',
    '1.2.3\n',
    '1.2.٣',
    '1e1.0.0',
    '2147483648.0.0',
    '99999999999.0.0',
    '2147483647.2147483647.2147483648',
  ])('rejects %j', (text) => {
    expect(() => parseVersion(text)).toThrow(failure('VERSION_MALFORMED'));
  });

  it('shows little of a text that is no version', () => {
    expect(() => parseVersion('x'.repeat(10_000))).toThrow(/^.{0,300}$/);
  });

  it.each([version(-1, 0, 0), version(0, 2 ** 31, 0), version(0, 0, NaN)])('%o is none', (value) => {
    expect(isVersion(value)).toBe(false);
  });

  it('is ordered by its parts from the left', () => {
    const ordered = ['0.0.1', '0.0.2', '0.1.0', '0.9.9', '0.10.0', '1.0.0', '2.0.0', '10.0.0'].map(parseVersion);
    expect([...ordered].reverse().sort(compareVersions)).toEqual(ordered);
    expect(compareVersions(version(1, 2, 3), version(1, 2, 3))).toBe(0);
  });

  it('is ordered the same from both sides, also at the ends of the range', () => {
    const part = fc.constantFrom(0, 1, 2, MAX_VERSION_PART - 1, MAX_VERSION_PART);
    const any = fc.tuple(part, part, part).map((parts) => version(...parts));
    fc.assert(
      fc.property(any, any, (a, b) => {
        expect(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a))).toBe(0);
      }),
    );
  });

  it('is canonical: what it accepts, it writes back character for character', () => {
    const characters = fc.string({ unit: fc.constantFrom(...Array.from('0129.-+ ')), maxLength: 12 });
    fc.assert(
      fc.property(characters, (text) => {
        try {
          expect(formatVersion(parseVersion(text))).toBe(text);
        } catch (error) {
          expect(isPeerpatchError(error, 'VERSION_MALFORMED')).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
