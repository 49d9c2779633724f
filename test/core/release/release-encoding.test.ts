import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { isPeerpatchError } from '../../../src/core/base/errors.ts';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import { MAX_PROGRAM_BYTES } from '../../../src/core/base/limits.ts';
import { decodeReleasePrefix, encodeRelease } from '../../../src/core/release/release-encoding.ts';
import { decodeReleaseRegion } from '../../../src/core/release/region.ts';
import type { Release } from '../../../src/core/release/release.ts';
import { hexdump } from '../../support/hexdump.ts';
import { failure, V0 } from '../../support/stamp-samples.ts';

const TAIL = `${'11'.repeat(32)} ${'22'.repeat(64)}`;
const GOLDEN = hexdump(`
  02                  # version, 1 in zigzag
  04                  # 2
  ac02                # 150
  8020                # size 4096
  ${'11'.repeat(32)}  # hash
  ${'22'.repeat(64)}  # signature
`);
const RELEASE: Release = {
  version: { major: 1, minor: 2, patch: 150 },
  sizeBytes: 4096,
  hash: new Uint8Array(32).fill(0x11),
  signature: new Uint8Array(64).fill(0x22),
};

describe('release', () => {
  it('stands in the bytes as the table says', () => {
    expect(encodeRelease(RELEASE)).toEqual(GOLDEN);
    expect(decodeReleasePrefix(GOLDEN)).toEqual({ release: RELEASE, length: GOLDEN.length });
  });

  it('is encoded as in the worked example', () => {
    const release = decodeReleaseRegion(fromHex(V0.stamp.region));
    expect(toHex(encodeRelease(release))).toBe(V0.patch.info);
    expect(decodeReleasePrefix(fromHex(V0.patch.info))).toEqual({ release, length: V0.patch.infoLength });
  });

  it('leaves what follows to the caller, and begins where it is told to', () => {
    const bytes = concatBytes(Uint8Array.of(9, 9, 9), GOLDEN, Uint8Array.of(7, 7));
    expect(decodeReleasePrefix(bytes, { offset: 3 })).toEqual({ release: RELEASE, length: GOLDEN.length });
  });

  it('is read with a prefixed signature where that is asked for, and only there', () => {
    const prefixed = concatBytes(GOLDEN.slice(0, -64), Uint8Array.of(0x40), GOLDEN.slice(-64));
    expect(decodeReleasePrefix(prefixed, { signature: 'prefixed' })).toEqual({
      release: RELEASE,
      length: GOLDEN.length + 1,
    });
    expect(() => decodeReleasePrefix(GOLDEN, { signature: 'prefixed' })).toThrow(failure('RELEASE_MALFORMED'));
    expect(decodeReleasePrefix(prefixed).release.signature).not.toEqual(RELEASE.signature);
  });

  it('keeps its bytes when the buffer is used again', () => {
    const buffer = GOLDEN.slice();
    const { release } = decodeReleasePrefix(buffer);
    buffer.fill(0);
    expect(release).toEqual(RELEASE);
  });

  it('is as long as promised, at both ends', () => {
    expect(encodeRelease({ ...RELEASE, version: { major: 0, minor: 0, patch: 0 }, sizeBytes: 0 })).toHaveLength(100);
    const largest = { ...RELEASE, version: { major: 2147483647, minor: 0, patch: 99 }, sizeBytes: MAX_PROGRAM_BYTES };
    expect(encodeRelease(largest)).toHaveLength(5 + 1 + 2 + 5 + 96);
    expect(decodeReleasePrefix(encodeRelease(largest)).release).toEqual(largest);
    const longest = { ...largest, version: { major: 2147483647, minor: 2147483647, patch: 2147483647 } };
    expect(encodeRelease(longest)).toHaveLength(116);
    expect(decodeReleasePrefix(encodeRelease(longest)).release).toEqual(longest);
  });

  const malformed: [name: string, bytes: string][] = [
    ['nothing', ''],
    ['a version that is cut off', '02 04'],
    ['a signature that is cut off', `02 04 06 28 ${TAIL.slice(0, -2)}`],
    ['a negative part', `01 04 06 28 ${TAIL}`],
    ['a part above 32 bits', `8080808010 04 06 28 ${TAIL}`],
    ['a part in two ways: 1 with a needless byte', `8200 04 06 28 ${TAIL}`],
    ['a size in two ways', `02 04 06 a800 ${TAIL}`],
    ['a size above every program', `02 04 06 8180808010 ${TAIL}`],
    ['a size of 2^64 - 1', `02 04 06 ffffffffffffffffff01 ${TAIL}`],
    ['a size without end', `02 04 06 ${'80'.repeat(40)}`],
  ];
  it.each(malformed)('rejects: %s', (_name, bytes) => {
    expect(() => decodeReleasePrefix(hexdump(bytes))).toThrow(failure('RELEASE_MALFORMED'));
  });

  it.each([63, 65])('rejects a signature of %d bytes behind its length', (length) => {
    const bytes = hexdump(`02 04 06 28 ${'11'.repeat(32)} ${length.toString(16)} ${'22'.repeat(length)}`);
    expect(() => decodeReleasePrefix(bytes, { signature: 'prefixed' })).toThrow(failure('RELEASE_MALFORMED'));
  });

  it.each(['00', '3f', '41', 'c0 00'])('rejects the length %s before the 64 bytes of a signature', (length) => {
    const bytes = hexdump(`02 04 06 28 ${'11'.repeat(32)} ${length} ${'22'.repeat(64)}`);
    expect(() => decodeReleasePrefix(bytes, { signature: 'prefixed' })).toThrow(failure('RELEASE_MALFORMED'));
  });

  it('is canonical: what it accepts, it writes back byte for byte', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (start) => {
        const bytes = concatBytes(start, GOLDEN.slice(-100));
        try {
          const { release, length } = decodeReleasePrefix(bytes);
          expect(encodeRelease(release)).toEqual(bytes.slice(0, length));
          accepted++;
        } catch (error) {
          expect(isPeerpatchError(error, 'RELEASE_MALFORMED')).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
    expect(accepted).toBeGreaterThan(20);
  });
});
