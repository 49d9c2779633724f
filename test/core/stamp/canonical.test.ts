import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { createCanonicalizer, zeroStamp } from '../../../src/core/stamp/canonical.ts';

const FILE = new Uint8Array(4000).fill(0xaa);

/** All of `FILE` but the 1280 bytes at `offset`. */
function imageOf(offset: number): Uint8Array {
  return FILE.map((byte, at) => (at >= offset && at < offset + 1280 ? 0 : byte));
}

function streamed(offset: number, pieceBytes: number): Uint8Array {
  const canonicalizer = createCanonicalizer(offset);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < FILE.length; at += pieceBytes) {
    pieces.push(canonicalizer.update(FILE.subarray(at, at + pieceBytes)));
  }
  return concatBytes(...pieces);
}

describe('the canonical image', () => {
  it.each([0, 1, 1000, 2720])('has zeros for the stamp at %d, whatever the pieces', (offset) => {
    for (const pieceBytes of [1, 7, 1279, 1280, 1281, 4000]) {
      expect(streamed(offset, pieceBytes)).toEqual(imageOf(offset));
    }
  });

  it('is the file itself where there is no stamp', () => {
    expect(streamed(Infinity, 999)).toEqual(FILE);
  });

  it('leaves pieces as they are, and gives them back uncopied where they hold nothing of the stamp', () => {
    const canonicalizer = createCanonicalizer(1000);
    const [first, second, third] = [FILE.subarray(0, 1000), FILE.slice(1000, 2280), FILE.subarray(2280)];
    expect(canonicalizer.update(first)).toBe(first);
    expect(canonicalizer.update(second)).toEqual(new Uint8Array(1280));
    expect(second[0]).toBe(0xaa);
    expect(canonicalizer.update(third)).toBe(third);
  });

  it('zeroes in place what a part of a file holds of the stamp', () => {
    fc.assert(
      fc.property(fc.nat(4000), fc.nat(4000), fc.nat(5000), (from, length, offset) => {
        const part = FILE.slice(from, from + length);
        zeroStamp(part, from, offset);
        expect(part).toEqual(imageOf(offset).subarray(from, from + length));
      }),
    );
  });
});
