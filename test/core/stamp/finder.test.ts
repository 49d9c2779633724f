import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asciiBytes, concatBytes } from '../../../src/core/base/bytes.ts';
import { createFinder } from '../../../src/core/stamp/finder.ts';

/** Offsets found when `bytes` arrive cut at `cuts`. */
function find(bytes: Uint8Array, cuts: readonly number[], ...sequences: readonly Uint8Array[]): number[] {
  const finder = createFinder(...sequences);
  const found: number[] = [];
  const edges = [...new Set([0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length])].sort(
    (a, b) => a - b,
  );
  edges.forEach((edge, index) => {
    finder.update(bytes.slice(edge, edges[index + 1] ?? edge), (offset) => found.push(offset));
  });
  return found.sort((a, b) => a - b);
}

/** The same by looking at every offset. */
function findSlowly(bytes: Uint8Array, ...sequences: readonly Uint8Array[]): number[] {
  const isAt = (at: number, sequence: Uint8Array): boolean =>
    sequence.every((byte, index) => bytes[at + index] === byte);
  return [...bytes.keys()].filter((at) => sequences.some((sequence) => isAt(at, sequence)));
}

const ABA = asciiBytes('aba');

describe('finder', () => {
  it('finds overlapping occurrences', () => {
    expect(find(asciiBytes('xababax'), [], ABA)).toEqual([1, 3]);
  });

  it('finds nothing in what only begins as the sequence', () => {
    expect(find(asciiBytes('ab'), [], ABA)).toEqual([]);
    expect(find(asciiBytes('abab'.slice(0, 2) + 'b'), [1, 2], ABA)).toEqual([]);
  });

  it('finds an occurrence at every seam, once', () => {
    for (let cut = 0; cut <= 7; cut++) expect(find(asciiBytes('xxabaxx'), [cut], ABA)).toEqual([2]);
  });

  it('finds an occurrence in pieces of one byte', () => {
    expect(find(asciiBytes('xababax'), [1, 2, 3, 4, 5, 6], ABA)).toEqual([1, 3]);
  });

  it('reports offsets from the first byte of the first piece on', () => {
    const bytes = concatBytes(new Uint8Array(5000), ABA, new Uint8Array(5000), ABA);
    expect(find(bytes, [100, 4999, 5001, 9000], ABA)).toEqual([5000, 10_003]);
  });

  it('finds any of several sequences with the same beginning', () => {
    const sequences = [asciiBytes('.embsig'), asciiBytes('.embedded')];
    expect(find(asciiBytes('.embsig.embx.embedded.emb'), [3, 12, 20], ...sequences)).toEqual([0, 12]);
  });

  it('finds what looking at every offset finds, however the bytes are cut', () => {
    const letters = fc.array(fc.constantFrom(97, 98), { maxLength: 60 }).map((codes) => Uint8Array.from(codes));
    fc.assert(
      fc.property(letters, fc.array(fc.nat(60), { maxLength: 8 }), (bytes, cuts) => {
        for (const sequences of [[ABA], [asciiBytes('aaba'), asciiBytes('aabba')], [asciiBytes('bbbb')]]) {
          expect(find(bytes, cuts, ...sequences)).toEqual(findSlowly(bytes, ...sequences));
        }
      }),
      { numRuns: 500 },
    );
  });
});
