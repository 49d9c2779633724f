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
import { decodeReleaseBlock, encodeReleaseBlock } from '../../src/core/stamp/block.ts';
import { anchorBytes } from '../../src/core/stamp/marker.ts';
import { decodeRegion, encodeRegion } from '../../src/core/stamp/region.ts';
import { accepts, bytesNear, FUZZ_RUNS, regressions } from '../support/fuzz.ts';
import { V0 } from '../support/stamp-samples.ts';

const region = fromHex(V0.stamp.region);
const block = encodeReleaseBlock({ seq: 5n, signature: new Uint8Array(64).fill(1), value: Uint8Array.of(0x64, 0x65) });
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

function checkBlock(bytes: Uint8Array): void {
  accepts(() => {
    expect(equalBytes(encodeReleaseBlock(decodeReleaseBlock(bytes)), bytes)).toBe(true);
  }, 'STAMP_MALFORMED');
}

function checkStamp(bytes: Uint8Array): void {
  accepts(
    () => {
      const { release, item } = readStamp(bytes);
      const written = concatBytes(anchorBytes(), encodeReleaseBlock(item), encodeReleaseRegion(release));
      expect(equalBytes(written, bytes)).toBe(true);
    },
    'STAMP_MALFORMED',
    'VERSION_MALFORMED',
    'RELEASE_UNSIGNED',
  );
}

it('regions', () => {
  fc.assert(fc.property(bytesNear(region, placeholder.subarray(1124)), checkRegion), { numRuns: FUZZ_RUNS });
});

it('release blocks', () => {
  fc.assert(fc.property(bytesNear(block, new Uint8Array(1104)), checkBlock), { numRuns: FUZZ_RUNS });
});

it('stamps', () => {
  const signed = concatBytes(anchorBytes(), block, region);
  fc.assert(fc.property(bytesNear(signed, placeholder), checkStamp), { numRuns: FUZZ_RUNS });
});

it.each(regressions('region'))('regression %s', (_file, bytes) => {
  checkRegion(bytes);
  checkStamp(bytes);
});
