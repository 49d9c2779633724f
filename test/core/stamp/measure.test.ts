import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { toHex } from '../../../src/core/base/hex.ts';
import { sha512Half } from '../../../src/core/crypto/hash.ts';
import { createMeasure } from '../../../src/core/stamp/measure.ts';
import { anchorBytes } from '../../../src/core/stamp/marker.ts';
import {
  elfWithoutRegion,
  failure,
  filler,
  insert,
  machOHead,
  measureFile,
  UNSIGNED,
  V0,
  V0_FILE,
} from '../../support/stamp-samples.ts';

describe('measure', () => {
  it('measures the worked example', () => {
    const { region, hash, ...rest } = measureFile(V0_FILE);
    expect(toHex(region)).toBe(V0.stamp.region);
    expect(toHex(hash)).toBe(V0.stamp.hash);
    expect(rest).toEqual({
      sizeBytes: V0.stamp.signedLength,
      regionOffset: V0.stamp.regionOffset,
      fileBytes: V0.stamp.fileLength,
      bound: 'none',
    });
  });

  it('finds the same however the file arrives', () => {
    const around = filler(600);
    fc.assert(
      fc.property(fc.nat(600), fc.integer({ min: 1, max: 300 }), (offset, pieceBytes) => {
        const file = insert(around, UNSIGNED, offset);
        expect(measureFile(file, pieceBytes)).toEqual({
          hash: sha512Half(around),
          sizeBytes: 600,
          region: UNSIGNED,
          regionOffset: offset,
          fileBytes: 776,
          bound: 'none',
        });
      }),
    );
  });

  it('shows the region before the file has ended', () => {
    const measure = createMeasure();
    measure.update(filler(300));
    expect(measure.region).toBeUndefined();
    measure.update(concatBytes(UNSIGNED, filler(10)));
    expect(measure.region).toEqual(UNSIGNED);
  });

  it.each([0, 1, 3, 4, 100])('STAMP_MISSING: %d bytes without a region', (length) => {
    expect(() => measureFile(new Uint8Array(length), 1)).toThrow(failure('STAMP_MISSING'));
  });

  describe('of an anchored program', () => {
    const BLOCK = filler(1104, 9);
    const genuine = concatBytes(filler(500), anchorBytes(), BLOCK, UNSIGNED, filler(500));
    const without = concatBytes(filler(500), anchorBytes(), BLOCK, filler(500));

    it('finds the region bound', () => {
      expect(measureFile(genuine)).toMatchObject({
        bound: 'anchor',
        regionOffset: 1624,
        stampOffset: 520,
        block: BLOCK,
      });
    });

    it('refuses the region anywhere else, also where it splits anchor or release block', () => {
      let refused = 0;
      for (let offset = 0; offset <= without.length; offset++) {
        if (offset === 1624) continue;
        expect(() => measureFile(insert(without, UNSIGNED, offset))).toThrow(failure('STAMP_MALFORMED'));
        refused++;
      }
      expect(refused).toBe(2124);
    });
  });

  it('refuses the region of an ELF program anywhere but in its section', () => {
    const without = elfWithoutRegion({ regionOffset: 300 });
    expect(measureFile(insert(without, UNSIGNED, 300)).bound).toBe('section');
    for (let offset = 0; offset <= without.length; offset += 20) {
      if (offset === 300) continue;
      expect(() => measureFile(insert(without, UNSIGNED, offset))).toThrow(failure('STAMP_MALFORMED'));
    }
  });

  describe('of a Mach-O program', () => {
    const head = machOHead({ codeSignature: { offset: 1000, sizeBytes: 300 } });
    const owners = concatBytes(head, filler(1000 - 176 - head.length));
    const signed = insert(owners, UNSIGNED, 500);
    const file = concatBytes(signed, filler(300, 2));

    it.each([1, 10, 999, 1000, 1001, 1300])('leaves out the code signature, in pieces of %d', (pieceBytes) => {
      expect(measureFile(file, pieceBytes)).toEqual({
        hash: sha512Half(owners),
        sizeBytes: 1000 - 176,
        format: 'macho-0',
        region: UNSIGNED,
        regionOffset: 500,
        fileBytes: 1300,
        bound: 'none',
        stampOffset: undefined,
        block: undefined,
      });
    });

    it("does not care what the code signature is: it is made after the owner's", () => {
      const other = concatBytes(signed, UNSIGNED, filler(300 - 176, 3));
      expect(measureFile(other).hash).toEqual(measureFile(file).hash);
    });

    it('measures all of it when it has no code signature', () => {
      const plain = insert(concatBytes(machOHead(), filler(500)), UNSIGNED, 200);
      expect(measureFile(plain)).toMatchObject({ sizeBytes: 532, fileBytes: 708 });
    });

    it.each([
      ['bytes behind the code signature', concatBytes(file, Uint8Array.of(0))],
      ['a code signature that is cut short', file.slice(0, -1)],
      ['no code signature where one is stated', signed],
      ['an end inside the load commands', head.slice(0, -1)],
      ['an end inside the header', head.slice(0, 20)],
      ['several programs in one file', concatBytes(Uint8Array.of(0xca, 0xfe, 0xba, 0xbe), UNSIGNED)],
    ])('STAMP_MALFORMED: %s', (_name, bytes) => {
      expect(() => measureFile(bytes)).toThrow(failure('STAMP_MALFORMED'));
    });

    it('STAMP_MISSING: a region only behind the signed bytes', () => {
      const behind = concatBytes(head, filler(1000 - head.length), UNSIGNED, filler(300 - 176));
      expect(() => measureFile(behind)).toThrow(failure('STAMP_MISSING'));
    });
  });

  it('stops at a file that is larger than any program', () => {
    const measure = createMeasure();
    const huge = { length: 4 * 1024 ** 3 + 1 } as Uint8Array;
    expect(() => {
      measure.update(huge);
    }).toThrow(failure('STAMP_MALFORMED'));
  });
});
