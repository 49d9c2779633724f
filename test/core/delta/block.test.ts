import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPeerpatchError } from '../../../src/core/base/errors.ts';
import { readBlock } from '../../../src/core/delta/block.ts';
import { createCopyList } from '../../../src/core/delta/copies.ts';
import { encodeBlocks } from '../../../src/core/delta/encode.ts';
import { pairOf } from '../../../src/core/delta/similarity.ts';
import { blockOf, takeApart, type BlockParts } from '../../support/delta-samples.ts';
import { bytesNear } from '../../support/fuzz.ts';
import { hexdump } from '../../support/hexdump.ts';

const SIZES = { baseSizeBytes: 1000, resultSizeBytes: 320 };
const GOLDEN = hexdump(`
  03           # literal lengths: 3 bytes
  04           # copy lengths: 4 bytes
  04           # seeks: 4 bytes
  03           # gaps: 3 bytes
  04           # words: 4 bytes
  02 00 01     # literal lengths: 2, 0, 1
  ac02 0a 00   # copy lengths: 300, 10, 0
  5e           # seek: 47 behind 0 + 2
  b105 00      # seek: -345 behind 349; none
  05           # gap of 5
  aa02         # gap of 298: three bytes before the end of the second copy
  02           # word: 1
  838004       # word: -32770
  aabbcc       # literals
`);
const PARTS: BlockParts = {
  literalLengths: [2, 0, 1],
  copyLengths: [300, 10, 0],
  seeks: [47, -345, 0],
  gaps: [5, 298],
  words: [1, -32_770],
  literals: Uint8Array.of(0xaa, 0xbb, 0xcc),
};

describe('block', () => {
  it('is laid out as the specification says', () => {
    expect(blockOf(PARTS)).toEqual(GOLDEN);
  });

  it('is read into operations, literals and corrections', () => {
    const { made, operations } = takeApart(GOLDEN, SIZES);
    expect(operations).toEqual([
      { literalLength: 2, copyLength: 300, baseAt: 49 },
      { literalLength: 0, copyLength: 10, baseAt: 4 },
      { literalLength: 1, copyLength: 0, baseAt: 15 },
    ]);
    const expected = new Uint8Array(313);
    expected.set([0xaa, 0xbb], 0);
    expected[7] = 1;
    expected.set([0xfe, 0x7f, 0xff], 309);
    expected[312] = 0xcc;
    expect(made).toEqual(expected);
  });

  it('goes on in the base where the block before it stopped', () => {
    const position = { resultAt: 100, baseAt: 70 };
    const block = blockOf({ literalLengths: [3], copyLengths: [10], seeks: [-1], literals: new Uint8Array(3) });
    const reader = readBlock({ ...SIZES, block, position });
    expect(reader.nextOperation()).toEqual({ literalLength: 3, copyLength: 10, baseAt: 72 });
    expect(position).toEqual({ resultAt: 113, baseAt: 82 });
    expect(reader.nextOperation()).toBeUndefined();
  });

  const one = { literalLengths: [0], copyLengths: [10], seeks: [0] };
  const malformed: [name: string, block: Uint8Array | BlockParts][] = [
    ['empty', new Uint8Array()],
    ['no operations', {}],
    ['literals without an operation', { literals: new Uint8Array(3) }],
    ['a section that reaches behind the end', GOLDEN.with(0, 60)],
    ['cut off', GOLDEN.subarray(0, 12)],
    ['one byte more', Uint8Array.from([...GOLDEN, 0])],
    ['an operation that does nothing', { literalLengths: [0], copyLengths: [0], seeks: [0] }],
    ['more literal lengths than copy lengths', { ...one, literalLengths: [0, 1], literals: new Uint8Array(1) }],
    ['more copy lengths than literal lengths', { ...one, copyLengths: [10, 10] }],
    ['more seeks than operations', { ...one, seeks: [0, 0] }],
    ['fewer seeks than operations', { literalLengths: [0, 0], copyLengths: [10, 10], seeks: [0] }],
    [
      'an operation without a copy before the last',
      { literalLengths: [1, 1], copyLengths: [0, 5], seeks: [0, 0], literals: new Uint8Array(2) },
    ],
    ['a seek to nothing', { literalLengths: [1], copyLengths: [0], seeks: [1], literals: new Uint8Array(1) }],
    ['fewer literals than said', { literalLengths: [2], copyLengths: [5], seeks: [0], literals: new Uint8Array(1) }],
    ['more literals than said', { ...one, literals: new Uint8Array(1) }],
    ['a copy from before the base', { ...one, seeks: [-1] }],
    ['a copy from behind the base', { ...one, seeks: [991] }],
    ['a copy from far behind the base', { ...one, seeks: [2 ** 33] }],
    ['a copy longer than the base', { literalLengths: [0], copyLengths: [2 ** 34], seeks: [0] }],
    ['one byte more than the result has', { literalLengths: [0], copyLengths: [321], seeks: [0] }],
    ['a correction behind the last copy', { ...one, gaps: [10], words: [1] }],
  ];
  it.each(malformed)('rejects: %s', (_name, block) => {
    expect(() => takeApart(block instanceof Uint8Array ? block : blockOf(block), SIZES)).toThrow(
      expect.objectContaining({ code: 'DELTA_MALFORMED' }) as Error,
    );
  });

  it('takes copies that end with the base and with the result', () => {
    const block = blockOf({ literalLengths: [0], copyLengths: [320], seeks: [680] });
    expect(takeApart(block, SIZES).operations).toEqual([{ literalLength: 0, copyLength: 320, baseAt: 680 }]);
  });

  it('is canonical: what is read is written back byte for byte', () => {
    let accepted = 0;
    fc.assert(
      fc.property(bytesNear(GOLDEN, blockOf(one)), (block) => {
        try {
          const { made, operations } = takeApart(block, SIZES);
          const numbers: number[] = [];
          let at = 0;
          for (const { literalLength, copyLength, baseAt } of operations) {
            if (copyLength > 0) numbers.push(at + literalLength, baseAt, copyLength);
            at += literalLength + copyLength;
          }
          const pair = pairOf(new Uint8Array(SIZES.baseSizeBytes), made);
          expect([...encodeBlocks(pair, createCopyList(Float64Array.from(numbers)))]).toEqual([block]);
          accepted++;
        } catch (error) {
          if (!isPeerpatchError(error, 'DELTA_MALFORMED')) throw error;
        }
      }),
      { numRuns: 2000 },
    );
    expect(accepted).toBeGreaterThan(10);
  });
});
