/**
 * Random regions and stamps: refused with their own error, or written back byte for byte.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { concatBytes, equalBytes } from '../../src/core/base/bytes.ts';
import { fromHex } from '../../src/core/base/hex.ts';
import { createPlaceholder, readStamp } from '../../src/core/release/placeholder.ts';
import { decodeReleaseRegion, encodeReleaseRegion } from '../../src/core/release/region.ts';
import { parseVersion } from '../../src/core/release/version.ts';
import { anchorBytes } from '../../src/core/stamp/marker.ts';
import { decodeRegion, encodeRegion } from '../../src/core/stamp/region.ts';
import { accepts, bytesNear, FUZZ_RUNS, regressions } from '../support/fuzz.ts';
import { V0 } from '../support/stamp-samples.ts';

const region = fromHex(V0.stamp.region);
const placeholder = createPlaceholder(parseVersion('1.2.3'));

function checkRegion(bytes: Uint8Array): void {
  accepts(() => {
    expect(equalBytes(encodeRegion(decodeRegion(bytes)), bytes)).toBe(true);
  }, 'STAMP_MALFORMED');
  accepts(
    () => {
      expect(equalBytes(encodeReleaseRegion(decodeReleaseRegion(bytes)), bytes)).toBe(true);
    },
    'STAMP_MALFORMED',
    'VERSION_MALFORMED',
    'RELEASE_UNSIGNED',
  );
}

function checkStamp(bytes: Uint8Array): void {
  accepts(
    () => {
      const release = readStamp(bytes);
      expect(equalBytes(concatBytes(anchorBytes(), encodeReleaseRegion(release)), bytes)).toBe(true);
    },
    'STAMP_MALFORMED',
    'VERSION_MALFORMED',
    'RELEASE_UNSIGNED',
  );
}

it('regions', () => {
  fc.assert(fc.property(bytesNear(region, placeholder.subarray(20)), checkRegion), { numRuns: FUZZ_RUNS });
});

it('stamps', () => {
  const signed = concatBytes(anchorBytes(), region);
  fc.assert(fc.property(bytesNear(signed, placeholder), checkStamp), { numRuns: FUZZ_RUNS });
});

it.each(regressions('region'))('regression %s', (_file, bytes) => {
  checkRegion(bytes);
  checkStamp(bytes);
});
