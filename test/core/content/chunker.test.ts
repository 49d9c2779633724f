import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { MAX_CHUNK_BYTES } from '../../../src/core/base/limits.ts';
import { createChunker, MIN_CHUNK_BYTES } from '../../../src/core/content/chunker.ts';
import { chunkLengths, stream } from '../../support/manifest-samples.ts';

const lengthsOf = (pieces: readonly Uint8Array[]): number[] => chunkLengths(createChunker(), pieces);
const SAMPLE = stream('chunker', 4_000_000);
const LENGTHS = lengthsOf([SAMPLE]);

describe('chunker', () => {
  it('makes chunks of 8 to 128 KiB, of about 37 KiB in random bytes', () => {
    expect(Math.min(...LENGTHS.slice(0, -1))).toBeGreaterThanOrEqual(MIN_CHUNK_BYTES);
    expect(Math.max(...LENGTHS)).toBeLessThanOrEqual(MAX_CHUNK_BYTES);
    expect(SAMPLE.length / LENGTHS.length).toBeGreaterThan(32_000);
    expect(SAMPLE.length / LENGTHS.length).toBeLessThan(44_000);
  });

  it('ends chunks in the same places however the bytes are cut into pieces', () => {
    const content = SAMPLE.subarray(0, 400_000);
    const whole = lengthsOf([content]);
    const cuts = fc.array(fc.nat(content.length), { maxLength: 12 });
    const run = (at: readonly number[]): void => {
      const edges = [0, ...at, content.length].sort((a, b) => a - b);
      const pieces = edges.slice(1).map((edge, index) => content.subarray(edges[index], edge));
      expect(lengthsOf(pieces)).toEqual(whole);
    };
    fc.assert(fc.property(cuts, run), { numRuns: 50 });
    run(Array.from({ length: 9000 }, (_, index) => index)); // byte by byte over the first end
  });

  it('falls into step again behind an insertion', () => {
    const changed = concatBytes(SAMPLE.subarray(0, 1_000_000), Uint8Array.of(1), SAMPLE.subarray(1_000_000));
    const ends = (lengths: readonly number[]): number[] => {
      let at = 0;
      return lengths.map((length) => (at += length));
    };
    const before = new Set(ends(LENGTHS));
    const same = ends(lengthsOf([changed])).filter((end) => before.has(end < 1_000_000 ? end : end - 1));
    expect(LENGTHS.length - same.length).toBeLessThanOrEqual(6);
  });

  it('ends a chunk at the largest size where nothing else does', () => {
    expect(lengthsOf([new Uint8Array(300_000)])).toEqual([MAX_CHUNK_BYTES, MAX_CHUNK_BYTES, 37_856]);
  });

  it('looks at the last 32 bytes and at nothing before them', () => {
    const [first = 0] = LENGTHS;
    const changedAt = (at: number): number | undefined =>
      lengthsOf([SAMPLE.subarray(0, 200_000).with(at, (SAMPLE[at] ?? 0) ^ 0xff)])[0];
    expect([0, 4000, MIN_CHUNK_BYTES - 33, first - 33].map(changedAt)).toEqual([first, first, first, first]);
    expect(changedAt(first - 16)).not.toBe(first);
    expect(changedAt(first - 1)).not.toBe(first);
  });
});
