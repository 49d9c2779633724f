/**
 * Random releases as bytes, in both forms: refused with their own error, or written back byte for byte.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { concatBytes, equalBytes } from '../../src/core/base/bytes.ts';
import { fromHex } from '../../src/core/base/hex.ts';
import { decodeReleasePrefix, encodeRelease } from '../../src/core/release/release-encoding.ts';
import { accepts, bytesNear, FUZZ_RUNS, regressions } from '../support/fuzz.ts';
import { V0 } from '../support/stamp-samples.ts';

const tuple = fromHex(V0.patch.info);
const prefixed = concatBytes(tuple.subarray(0, -64), Uint8Array.of(0x40), tuple.subarray(-64));

function check(bytes: Uint8Array): void {
  accepts(() => {
    const { release, length } = decodeReleasePrefix(bytes);
    expect(equalBytes(encodeRelease(release), bytes.subarray(0, length))).toBe(true);
  }, 'RELEASE_MALFORMED');
  accepts(() => {
    const { release, length } = decodeReleasePrefix(bytes, { signature: 'prefixed' });
    const withoutLength = concatBytes(bytes.subarray(0, length - 65), bytes.subarray(length - 64, length));
    expect(bytes[length - 65]).toBe(0x40);
    expect(equalBytes(encodeRelease(release), withoutLength)).toBe(true);
  }, 'RELEASE_MALFORMED');
}

it('releases', () => {
  fc.assert(fc.property(bytesNear(tuple, prefixed), check), { numRuns: FUZZ_RUNS });
});

it.each(regressions('release-encoding'))('regression %s', (_file, bytes) => {
  check(bytes);
});
