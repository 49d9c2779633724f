import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import {
  checkFitsRegion,
  decodeReleaseRegion,
  encodeReleaseRegion,
  encodeUnsignedRegion,
  fitsRegion,
  isReleaseRegion,
  readRegionVersion,
} from '../../../src/core/release/region.ts';
import { parseVersion, type Version } from '../../../src/core/release/version.ts';
import { encodeRegion } from '../../../src/core/stamp/region.ts';
import { resultOrCode } from '../../support/rust-vectors.ts';
import { failure, UNSIGNED, V0 } from '../../support/stamp-samples.ts';

const REGION = fromHex(V0.stamp.region);
const FIELDS = { hash: new Uint8Array(32), sizeBytes: 0, signature: new Uint8Array(64), versionText: '1.2.3' };

describe('release in a region', () => {
  it('is read from the worked example and written back', () => {
    const release = decodeReleaseRegion(REGION);
    expect(release).toEqual({
      version: { major: 1, minor: 2, patch: 3 },
      hash: fromHex(V0.stamp.hash),
      sizeBytes: V0.stamp.signedLength,
      signature: fromHex(V0.stamp.signature),
    });
    expect(toHex(encodeReleaseRegion(release))).toBe(V0.stamp.region);
    expect(REGION).toHaveLength(V0.stamp.regionLength);
  });

  it('RELEASE_UNSIGNED: the placeholder', () => {
    expect(UNSIGNED).toEqual(encodeRegion(FIELDS));
    expect(() => decodeReleaseRegion(UNSIGNED)).toThrow(failure('RELEASE_UNSIGNED'));
  });

  it.each([
    ['a hash', { ...FIELDS, hash: new Uint8Array(32).with(31, 1) }],
    ['a size', { ...FIELDS, sizeBytes: 1 }],
    ['a signature', { ...FIELDS, signature: new Uint8Array(64).with(63, 1) }],
  ])('is a claim, not the placeholder, when there is %s', (_name, fields) => {
    expect(decodeReleaseRegion(encodeRegion(fields))).toMatchObject({ sizeBytes: fields.sizeBytes });
  });

  it.each(['', '1.2', '1.2.3-beta', '01.2.3', '1.2.3 ', '-1.0.0'])('VERSION_MALFORMED: %j', (versionText) => {
    const region = encodeRegion({ ...FIELDS, sizeBytes: 1, versionText });
    expect(() => decodeReleaseRegion(region)).toThrow(failure('VERSION_MALFORMED'));
    expect(() => readRegionVersion(region)).toThrow(failure('VERSION_MALFORMED'));
  });

  it('STAMP_MALFORMED: bytes that are no region', () => {
    expect(() => decodeReleaseRegion(REGION.slice(1))).toThrow(failure('STAMP_MALFORMED'));
  });

  it('has room for sixteen characters of version, and refuses a longer one instead of cutting it', () => {
    const release = decodeReleaseRegion(REGION);
    const fits = { ...release, version: parseVersion('100000.200000.30') };
    expect(fitsRegion(fits.version)).toBe(true);
    expect(decodeReleaseRegion(encodeReleaseRegion(fits))).toEqual(fits);
    const long = { ...release, version: parseVersion('100000.200000.300') };
    expect(fitsRegion(long.version)).toBe(false);
    const makers: ((version: Version) => unknown)[] = [
      checkFitsRegion,
      encodeUnsignedRegion,
      (version) => encodeReleaseRegion({ ...release, version }),
    ];
    for (const make of makers) expect(resultOrCode(() => make(long.version))).toBe('VERSION_MALFORMED');
    expect(() => {
      checkFitsRegion(long.version);
    }).toThrow(/100000\.200000\.300\b.*17 characters.*16/);
    expect(isReleaseRegion(encodeReleaseRegion(fits), long)).toBe(false);
  });

  it('is that of its own release alone', () => {
    const release = decodeReleaseRegion(REGION);
    expect(isReleaseRegion(REGION, release)).toBe(true);
    expect(isReleaseRegion(REGION.with(132, 0x32), release)).toBe(false);
    expect(isReleaseRegion(REGION, { ...release, version: parseVersion('1.2.4') })).toBe(false);
  });

  it('names its version, signed or not', () => {
    expect(readRegionVersion(REGION)).toEqual(parseVersion('1.2.3'));
    expect(readRegionVersion(encodeUnsignedRegion(parseVersion('4.5.6')))).toEqual(parseVersion('4.5.6'));
  });
});
