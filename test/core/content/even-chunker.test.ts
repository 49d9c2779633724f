import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_CHUNK_BYTES } from '../../../src/core/base/limits.ts';
import { createEvenChunker } from '../../../src/core/content/even-chunker.ts';
import { chunkLengths, stream } from '../../support/manifest-samples.ts';

const CONTENT = stream('even', 3 * MAX_CHUNK_BYTES + 1000);
const LENGTHS = [MAX_CHUNK_BYTES, MAX_CHUNK_BYTES, MAX_CHUNK_BYTES, 1000];

describe('even chunker', () => {
  it('makes chunks of the largest size, and the last one of what is left', () => {
    expect(chunkLengths(createEvenChunker(), [CONTENT])).toEqual(LENGTHS);
  });

  it('makes no empty chunk behind a content of whole chunks', () => {
    const whole = CONTENT.subarray(0, 2 * MAX_CHUNK_BYTES);
    expect(chunkLengths(createEvenChunker(), [whole])).toEqual([MAX_CHUNK_BYTES, MAX_CHUNK_BYTES]);
    expect(createEvenChunker().next(whole.subarray(0, MAX_CHUNK_BYTES), 0)).toBe(MAX_CHUNK_BYTES);
  });

  it('ends chunks in the same places however the bytes are cut into pieces', () => {
    const cuts = fc.array(fc.nat(CONTENT.length), { maxLength: 12 });
    const run = (at: readonly number[]): void => {
      const edges = [0, ...at, CONTENT.length].sort((a, b) => a - b);
      const pieces = edges.slice(1).map((edge, index) => CONTENT.subarray(edges[index], edge));
      expect(chunkLengths(createEvenChunker(), pieces)).toEqual(LENGTHS);
    };
    fc.assert(fc.property(cuts, run), { numRuns: 50 });
    run([-1, 0, 1].map((step) => MAX_CHUNK_BYTES + step)); // byte by byte over the first end
  });
});
