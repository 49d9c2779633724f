import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/core/base/errors.ts';
import { fromHex } from '../../../src/core/base/hex.ts';
import { acceptRelease, checkReleaseBytes } from '../../../src/core/release/accept.ts';
import { decodeReleaseRegion, encodeReleaseRegion } from '../../../src/core/release/region.ts';
import { signRelease, verifyRelease } from '../../../src/core/release/release.ts';
import { parseVersion } from '../../../src/core/release/version.ts';
import type { StampedDigest } from '../../../src/core/stamp/measure.ts';
import { failure, measureFile, OWNER, UNSIGNED, V0, V0_FILE } from '../../support/stamp-samples.ts';

const RELEASE = verifyRelease(OWNER.publicKey, decodeReleaseRegion(fromHex(V0.stamp.region))); // 1.2.3
const MEASURED = measureFile(V0_FILE);
const flipped = (bytes: Uint8Array, index: number): Uint8Array => bytes.with(index, (bytes[index] ?? 0) ^ 1);
/** Another genuine release of the same bytes: its region is well signed, and not the one that was accepted. */
const OTHER = signRelease(OWNER, parseVersion('1.2.4'), RELEASE);

const cases: [name: string, measured: StampedDigest, above: string | undefined, code: ErrorCode | undefined][] = [
  ['newer than anything seen', MEASURED, '1.2.2', undefined],
  ['the first ever seen', MEASURED, undefined, undefined],
  ['the same version', MEASURED, '1.2.3', 'RELEASE_NOT_NEWER'],
  ['older', MEASURED, '1.2.4', 'RELEASE_NOT_NEWER'],
  ['older in its first part', MEASURED, '2.0.0', 'RELEASE_NOT_NEWER'],
  ['other bytes', { ...MEASURED, hash: flipped(MEASURED.hash, 0) }, '1.2.2', 'RELEASE_MISMATCH'],
  [
    'other bytes at the end of the hash',
    { ...MEASURED, hash: flipped(MEASURED.hash, 31) },
    '1.2.2',
    'RELEASE_MISMATCH',
  ],
  ['a byte more', { ...MEASURED, sizeBytes: MEASURED.sizeBytes + 1 }, '1.2.2', 'RELEASE_MISMATCH'],
  ['an unsigned region', { ...MEASURED, region: UNSIGNED }, '1.2.2', 'RELEASE_MISMATCH'],
  ['the region of another release', { ...MEASURED, region: encodeReleaseRegion(OTHER) }, '1.2.2', 'RELEASE_MISMATCH'],
  ['other bytes and older: the bytes decide', { ...MEASURED, sizeBytes: 0 }, '9.0.0', 'RELEASE_MISMATCH'],
];

describe('the gate', () => {
  it.each(cases)('%s', (_name, measured, above, code) => {
    const accept = () =>
      acceptRelease(RELEASE, measured, { above: above === undefined ? undefined : parseVersion(above) });
    if (code === undefined) expect(accept()).toBe(RELEASE);
    else expect(accept).toThrow(failure(code));
  });

  const targets: [found: string | undefined, wanted: string | undefined, code: ErrorCode | undefined][] = [
    ['elf-x64', 'elf-x64', undefined],
    ['elf-x64', undefined, undefined],
    [undefined, undefined, undefined],
    ['elf-arm64', 'elf-x64', 'RELEASE_WRONG_TARGET'],
    ['pe-x64', 'elf-x64', 'RELEASE_WRONG_TARGET'],
    [undefined, 'elf-x64', 'RELEASE_WRONG_TARGET'],
  ];
  it.each(targets)('a program of format %s in place of one of %s', (format, wanted, code) => {
    const accept = () => acceptRelease(RELEASE, { ...MEASURED, format }, { above: undefined, format: wanted });
    if (code === undefined) expect(accept()).toBe(RELEASE);
    else expect(accept).toThrow(failure(code));
  });

  it('accepts no program of a version that its region cannot hold', () => {
    const long = signRelease(OWNER, parseVersion('100000.200000.300'), RELEASE);
    const cut = encodeReleaseRegion({ ...long, version: parseVersion('100000.200000.30') });
    expect(() => acceptRelease(long, { ...MEASURED, region: cut }, { above: undefined })).toThrow(
      failure('RELEASE_MISMATCH'),
    );
  });

  it('looks at every byte of the region', () => {
    for (let index = 0; index < 176; index++) {
      const measured = { ...MEASURED, region: flipped(MEASURED.region, index) };
      expect(() => {
        checkReleaseBytes(RELEASE, measured);
      }).toThrow(failure('RELEASE_MISMATCH'));
    }
  });
});
