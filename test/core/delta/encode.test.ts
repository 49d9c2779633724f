import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { createCopyList } from '../../../src/core/delta/copies.ts';
import { encodeBlocks } from '../../../src/core/delta/encode.ts';
import { pairOf } from '../../../src/core/delta/similarity.ts';
import { blockOf, noise, plainDelta, resultOf } from '../../support/delta-samples.ts';

const BASE = noise(2000);
const blocksOf = (result: Uint8Array, copies: readonly number[], maxBytes?: number): Uint8Array[] => [
  ...encodeBlocks(pairOf(BASE, result), createCopyList(Float64Array.from(copies)), maxBytes),
];

describe('blocks that are written', () => {
  it('are none for an empty result', () => {
    expect(blocksOf(new Uint8Array(0), [])).toEqual([]);
  });

  it('write out what no copy covers', () => {
    expect(blocksOf(BASE.slice(0, 5), [])).toEqual([
      blockOf({ literalLengths: [5], copyLengths: [0], seeks: [0], literals: BASE.slice(0, 5) }),
    ]);
  });

  it('correct words at the first byte that differs, shorter ones at the end of a copy', () => {
    const result = BASE.slice(100, 120);
    const view = new DataView(result.buffer);
    view.setInt32(3, view.getInt32(3, true) + 700, true);
    view.setUint16(18, view.getUint16(18, true) - 3, true);
    expect(blocksOf(result, [0, 100, 20])).toEqual([
      blockOf({ literalLengths: [0], copyLengths: [20], seeks: [100], gaps: [3, 11], words: [700, -3] }),
    ]);
  });

  it('count seeks from where the last copy ended, behind the literals', () => {
    const result = concatBytes(BASE.slice(0, 50), noise(7, 5), BASE.slice(57, 90), BASE.slice(10, 40));
    expect(blocksOf(result, [0, 0, 50, 57, 57, 33, 90, 10, 30])).toEqual([
      blockOf({ literalLengths: [0, 7, 0], copyLengths: [50, 33, 30], seeks: [0, 0, -80], literals: noise(7, 5) }),
    ]);
  });

  it('are never longer than allowed, and make the result wherever they end', async () => {
    const numbers = fc.array(fc.tuple(fc.nat(60), fc.nat(1800), fc.integer({ min: 1, max: 200 })), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(numbers, fc.integer({ min: 60, max: 200 }), fc.nat(), async (parts, maxBytes, seed) => {
        // Copies in which every other word differs.
        const copies: number[] = [];
        let result = new Uint8Array(0);
        for (const [literals, baseAt, length] of parts) {
          copies.push(result.length + literals, baseAt, length);
          const copied = BASE.slice(baseAt, baseAt + length).map((byte, index) => (index % 8 < 3 ? byte + 1 : byte));
          result = concatBytes(result, noise(literals, seed), copied) as Uint8Array<ArrayBuffer>;
        }
        result = concatBytes(result, noise(seed % 300, seed)) as Uint8Array<ArrayBuffer>;
        const blocks = blocksOf(result, copies, maxBytes);
        for (const block of blocks) expect(block.length).toBeLessThanOrEqual(maxBytes);
        const sizes = { baseSizeBytes: BASE.length, resultSizeBytes: result.length };
        expect(await resultOf(BASE, plainDelta(sizes, ...blocks), sizes)).toEqual(result);
      }),
    );
  });
});
