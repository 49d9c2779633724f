import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import {
  createCanonicalizer,
  findPlaces,
  readHashPlace,
  stampPlace,
  zeroPlaces,
} from '../../../src/core/codesign/image.ts';
import { edited, machOProgram, signedAdHoc, STAMP_AT } from '../../support/macho-samples.ts';
import { filler } from '../../support/stamp-samples.ts';

const FILE = new Uint8Array(4000).fill(0xaa);

/** All of `FILE` but the 1280 bytes at `offset`. */
function imageOf(offset: number): Uint8Array {
  return FILE.map((byte, at) => (at >= offset && at < offset + 1280 ? 0 : byte));
}

function streamed(offset: number | undefined, pieceBytes: number, file: Uint8Array = FILE): Uint8Array {
  const canonicalizer = createCanonicalizer(offset);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < file.length; at += pieceBytes) {
    pieces.push(canonicalizer.update(file.subarray(at, at + pieceBytes)));
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
    expect(streamed(undefined, 999)).toEqual(FILE);
    const signed = signedAdHoc(machOProgram());
    expect(streamed(undefined, 999, signed)).toEqual(signed);
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
        zeroPlaces(part, from, [stampPlace(offset)]);
        expect(part).toEqual(imageOf(offset).subarray(from, from + length));
      }),
    );
  });

  describe('of a Mach-O program', () => {
    const program = machOProgram({ version: '1.0.0' });
    const signed = signedAdHoc(program);
    const stampOffset = STAMP_AT + 20;
    const signatureAt = 21_392;
    const hashesAt = signatureAt + 20 + 88 + 7;
    const image = signed.map((byte, at) => {
      const inStamp = at >= stampOffset && at < stampOffset + 1280;
      return inStamp || (at >= hashesAt && at < hashesAt + 6 * 32) ? 0 : byte;
    });

    it('has zeros for its page hashes, too, whatever the pieces', () => {
      for (const pieceBytes of [1, 100, 4096, hashesAt, hashesAt + 1, signed.length])
        expect(streamed(stampOffset, pieceBytes, signed)).toEqual(image);
    });

    it('is the same in memory', () => {
      const copy = signed.slice();
      zeroPlaces(copy, 0, findPlaces(copy, stampOffset));
      expect(copy).toEqual(image);
    });

    it('keeps all else that its signature says: another name makes another image', () => {
      expect(streamed(stampOffset, 1000, signedAdHoc(program, 'simple'))).not.toEqual(image);
    });

    it('keeps the hashes that a certificate signs, and what cannot be read', () => {
      const certified = edited(signed, [[signatureAt + 20 + 12, 0x10000]]);
      const unknown = signed.with(signatureAt, 0);
      const several = concatBytes(Uint8Array.of(0xca, 0xfe, 0xba, 0xbe), filler(6000));
      for (const file of [certified, unknown, several]) {
        const stampOnly = file.slice();
        zeroPlaces(stampOnly, 0, [stampPlace(stampOffset)]);
        expect(streamed(stampOffset, 1000, file)).toEqual(stampOnly);
        expect(findPlaces(file, stampOffset)).toEqual([stampPlace(stampOffset)]);
      }
    });

    it('says where the hashes stand from no more than what stands in front of them', () => {
      expect(readHashPlace(signed.subarray(signatureAt, hashesAt), signatureAt)).toEqual({
        offset: hashesAt,
        sizeBytes: 6 * 32,
      });
    });

    it('of a file that is cut off ends where that ends', () => {
      for (const length of [20, 3000, signatureAt, signatureAt + 50, hashesAt + 40])
        expect(streamed(stampOffset, 999, signed.subarray(0, length))).toEqual(image.subarray(0, length));
    });
  });
});
