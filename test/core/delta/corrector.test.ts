import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { createCorrector, type Corrector } from '../../../src/core/delta/corrector.ts';
import { createSectionReader } from '../../../src/core/delta/section.ts';
import { encodeVarint, fold } from '../../../src/core/delta/varint.ts';

function corrector(gaps: readonly number[], words: readonly number[]): Corrector {
  const section = (numbers: readonly number[]) => createSectionReader(concatBytes(...numbers.map(encodeVarint)));
  return createCorrector(section(gaps), section(words.map(fold)));
}

/** Corrects copies of these lengths, all ones, each in pieces of `pieceBytes`. */
function correct(made: Corrector, copies: readonly number[], pieceBytes = 100): number[][] {
  const corrected = copies.map((length) => {
    const copy = new Uint8Array(length).fill(1);
    for (let at = 0; at < length; at += pieceBytes) {
      const piece = copy.subarray(at, at + pieceBytes);
      made.correct(piece, length - at - piece.length);
    }
    return [...copy];
  });
  made.end();
  return corrected;
}

describe('corrector', () => {
  const cases: [name: string, gaps: number[], words: number[], copies: number[], expected: number[][]][] = [
    ['none', [], [], [3], [[1, 1, 1]]],
    ['one at the start', [0], [1], [6], [[2, 1, 1, 1, 1, 1]]],
    ['one that carries through all its bytes', [1], [-257], [6], [[1, 0, 0, 1, 1, 1]]],
    ['one that carries beyond them', [0], [-0x01010102], [5], [[0xff, 0xff, 0xff, 0xff, 1]]],
    ['two side by side', [0, 0], [1, 2], [8], [[2, 1, 1, 1, 3, 1, 1, 1]]],
    [
      'a gap over the end of a copy',
      [4],
      [5],
      [3, 5],
      [
        [1, 1, 1],
        [1, 6, 1, 1, 1],
      ],
    ],
    [
      'a short one at the end of a copy',
      [2],
      [-1],
      [3, 2],
      [
        [1, 1, 0],
        [1, 1],
      ],
    ],
    ['a short one that carries beyond its bytes', [1], [-258], [3], [[1, 0xff, 0xff]]],
    ['one over all 32 bits', [0], [-(2 ** 31) + 1], [4], [[2, 1, 1, 0x81]]],
  ];
  describe.each([1, 2, 3, 100])('in pieces of %i bytes', (pieceBytes) => {
    it.each(cases)('%s', (_name, gaps, words, copies, expected) => {
      expect(correct(corrector(gaps, words), copies, pieceBytes)).toEqual(expected);
    });
  });

  const malformed: [name: string, gaps: number[], words: number[], copies: number[]][] = [
    ['a word without a gap', [], [1], [5]],
    ['a gap without a word', [0], [], [5]],
    ['a gap that ends with the last copy', [5], [1], [5]],
    ['a gap behind the last copy', [50], [1], [5]],
    ['a gap behind the last copy, and no word', [50], [], [5]],
    ['a word of zero', [0], [0], [5]],
    ['a word whose first byte is the same', [0], [256], [5]],
    ['a word of 33 bits', [0], [2 ** 31], [5]],
    ['a word of three bytes at two bytes', [3], [0x8001], [5]],
    ['a word of two bytes at one byte', [4], [128], [5]],
  ];
  it.each(malformed)('rejects: %s', (_name, gaps, words, copies) => {
    expect(() => correct(corrector(gaps, words), copies)).toThrow(
      expect.objectContaining({ code: 'DELTA_MALFORMED' }) as Error,
    );
  });
});
