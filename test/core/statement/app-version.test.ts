import { describe, expect, it } from 'vitest';
import { formatVersion } from '../../../src/core/release/version.ts';
import {
  compareAppVersions,
  isAppVersion,
  parseAppVersion,
  regionVersion,
} from '../../../src/core/statement/app-version.ts';
import { failure } from '../../support/stamp-samples.ts';

describe('versions in statements', () => {
  it.each(['0.0.0', '1.2.3', '1.2.3-0', '1.2.3-beta.1', '1.0.0-a-b.C', `1.0.0-${'a'.repeat(58)}`, '100000.200000.30'])(
    '%s is one',
    (text) => {
      expect(parseAppVersion(text)).toBe(text);
      expect(isAppVersion(text)).toBe(true);
    },
  );

  it.each([
    ...['', '1', '1.2', '1.2.3.4', 'v1.2.3', '=1.2.3', ' 1.2.3', '1.2.3 ', '1.2.3\n', '01.2.3', '1.2.3-01', '1.2.3-'],
    ...['1.2.3+build', '1.2.3-a+b', '1.2.3-ä', '1.2.-3', 'x.y.z', `1.0.0-${'a'.repeat(59)}`, '9'.repeat(1000)],
    // What the region cannot hold: parts above 2^31 - 1, and more than 16 characters.
    ...['2147483648.0.0', '100000.200000.300'],
  ])('VERSION_MALFORMED: %j', (text) => {
    expect(() => parseAppVersion(text)).toThrow(failure('VERSION_MALFORMED'));
    expect(isAppVersion(text)).toBe(false);
  });

  it('are ordered as semantic versions are, pre-releases before their release', () => {
    const order = [
      '0.9.9',
      '1.0.0-1',
      '1.0.0-2',
      '1.0.0-10',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.1',
      '1.10.0',
    ];
    expect([...order].reverse().sort(compareAppVersions)).toEqual(order);
    for (const version of order) expect(compareAppVersions(version, version)).toBe(0);
  });

  it('give the region their three numbers', () => {
    expect(formatVersion(regionVersion('1.2.3-rc.1-x'))).toBe('1.2.3');
    expect(formatVersion(regionVersion('4.5.6'))).toBe('4.5.6');
    expect(() => regionVersion('1.2')).toThrow(failure('VERSION_MALFORMED'));
  });
});
