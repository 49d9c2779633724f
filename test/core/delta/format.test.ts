import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { MAX_DELTA_BLOCK_BYTES } from '../../../src/core/base/limits.ts';
import {
  createDeltaReader,
  encodeDeltaHead,
  encodePackedBlock,
  type PackedBlock,
} from '../../../src/core/delta/format.ts';
import { hexdump } from '../../support/hexdump.ts';

const SIZES = { baseSizeBytes: 300, resultSizeBytes: 5 };
const GOLDEN = hexdump(`
  01           # format version
  ac02         # base: 300 bytes
  05           # result: 5 bytes
  0303         # block of 3 bytes, as it is
  aabbcc
  810101       # block of 129 bytes, here 1
  dd
`);
const BLOCKS: PackedBlock[] = [
  { sizeBytes: 3, packed: Uint8Array.of(0xaa, 0xbb, 0xcc) },
  { sizeBytes: 129, packed: Uint8Array.of(0xdd) },
];

/** All blocks of a delta that arrives in pieces. */
function read(delta: Uint8Array, pieceBytes: number = delta.length, sizes = SIZES): PackedBlock[] {
  const reader = createDeltaReader(sizes);
  const blocks: PackedBlock[] = [];
  for (let at = 0; at < delta.length; at += pieceBytes) {
    const piece = delta.slice(at, at + pieceBytes);
    reader.add(piece);
    for (let block = reader.next(); block !== undefined; block = reader.next()) blocks.push(block);
    piece.fill(0xee); // the reader keeps nothing of it
  }
  reader.end();
  return blocks;
}

describe('the form of a delta', () => {
  it('is written byte for byte', () => {
    expect(concatBytes(encodeDeltaHead(SIZES), ...BLOCKS.map(encodePackedBlock))).toEqual(GOLDEN);
  });

  it.each([1, 2, 3, 4, 5, 7, 100])('is read in pieces of %i bytes', (pieceBytes) => {
    expect(read(GOLDEN, pieceBytes)).toEqual(BLOCKS);
  });

  it('may have no block', () => {
    expect(
      read(encodeDeltaHead({ baseSizeBytes: 0, resultSizeBytes: 0 }), 1, { baseSizeBytes: 0, resultSizeBytes: 0 }),
    ).toEqual([]);
  });

  const head = [...encodeDeltaHead(SIZES)];
  const malformed: [name: string, bytes: number[]][] = [
    ['empty', []],
    ['version 0', [0, ...head.slice(1)]],
    ['version 2', [2, ...head.slice(1)]],
    ['cut off in the head', head.slice(0, 2)],
    ['no size of the result', head.slice(0, 3)],
    ['another base', [1, 0xad, 0x02, 5]],
    ['a base written too long', [1, 0xac, 0x82, 0x00, 5]],
    ['a base above everything', [1, 0xff, 0xff, 0xff, 0xff, 0x7f]],
    ['another result', [1, 0xac, 0x02, 6]],
    ['an empty block', [...head, 0, 0]],
    ['nothing of a block', [...head, 3, 0]],
    ['more than the block', [...head, 3, 4, 1, 2, 3, 4]],
    ['a block above the limit', [...head, 0x81, 0x80, 0x40, 1, 1]],
    ['cut off behind the length of a block', [...head, 3]],
    ['cut off inside the length of a block', [...head, 0x83]],
    ['cut off before a block', [...head, 3, 3]],
    ['cut off inside a block', [...head, 3, 3, 1, 2]],
    ['one byte behind the last block', [...GOLDEN, 7]],
  ];
  it.each(malformed)('rejects: %s', (_name, bytes) => {
    for (const pieceBytes of [1, 100])
      expect(() => read(Uint8Array.from(bytes), pieceBytes)).toThrow(
        expect.objectContaining({ code: 'DELTA_MALFORMED' }) as Error,
      );
  });

  it('reads blocks into the memory it is given', () => {
    const given: Uint8Array[] = [];
    const reader = createDeltaReader(SIZES, (length) => {
      const memory = new Uint8Array(length).fill(0xee);
      given.push(memory);
      return memory;
    });
    reader.add(GOLDEN);
    for (const { packed } of BLOCKS) expect(reader.next()?.packed).toEqual(packed);
    expect(given).toEqual(BLOCKS.map(({ packed }) => packed));
  });

  it('takes a block of the largest size', () => {
    const block = { sizeBytes: MAX_DELTA_BLOCK_BYTES, packed: Uint8Array.of(1) };
    expect(read(concatBytes(encodeDeltaHead(SIZES), encodePackedBlock(block)))).toEqual([block]);
  });

  it('is canonical: what is read is written back byte for byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(40), (tail, keep) => {
        const bytes = concatBytes(GOLDEN.subarray(0, keep), tail);
        let blocks: PackedBlock[];
        try {
          blocks = read(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'DELTA_MALFORMED' });
          return;
        }
        expect(concatBytes(encodeDeltaHead(SIZES), ...blocks.map(encodePackedBlock))).toEqual(bytes);
      }),
    );
  });
});
