import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { createCutter, type CutRegion } from '../../../src/core/stamp/cut.ts';
import { boundBytes } from '../../../src/core/stamp/marker.ts';
import { failure, filler, insert, UNSIGNED } from '../../support/stamp-samples.ts';

/** Cuts a file that arrives in the given pieces. */
function cut(pieces: Iterable<Uint8Array>): CutRegion & { readonly signed: Uint8Array } {
  const signed: Uint8Array[] = [];
  const cutter = createCutter((bytes) => signed.push(bytes.slice()));
  for (const piece of pieces) {
    const copy = piece.slice();
    cutter.update(copy);
    copy.fill(0xee); // the caller may use its buffer again
  }
  return { ...cutter.finish(), signed: concatBytes(...signed) };
}

function* inPieces(file: Uint8Array, pieceBytes: number): Generator<Uint8Array> {
  for (let at = 0; at < file.length; at += pieceBytes) yield file.subarray(at, at + pieceBytes);
}

describe('cutter', () => {
  const around = filler(400);

  it.each([0, 1, 27, 28, 200, 399, 400])('finds a region at offset %d, however the file arrives', (offset) => {
    const file = insert(around, UNSIGNED, offset);
    for (const pieceBytes of [1, 2, 27, 28, 29, 100, 175, 176, 177, file.length]) {
      expect(cut(inPieces(file, pieceBytes))).toEqual({ region: UNSIGNED, regionOffset: offset, signed: around });
    }
  });

  it('passes on everything but the region for any cuts', () => {
    fc.assert(
      fc.property(fc.nat(400), fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }), (offset, lengths) => {
        let rest = insert(around, UNSIGNED, offset);
        const pieces: Uint8Array[] = [];
        for (let index = 0; rest.length > 0; index++) {
          const length = lengths[index % lengths.length] ?? 1;
          pieces.push(rest.slice(0, length));
          rest = rest.slice(length);
        }
        expect(cut(pieces)).toEqual({ region: UNSIGNED, regionOffset: offset, signed: around });
      }),
    );
  });

  it('does not take the beginning of a bound in front of the region for the bound', () => {
    const misleading = concatBytes(around, boundBytes().slice(0, 20));
    expect(cut([concatBytes(misleading, UNSIGNED)]).regionOffset).toBe(420);
  });

  it('shows the region as soon as it has gone by, and not before', () => {
    const cutter = createCutter(() => undefined);
    cutter.update(concatBytes(around, UNSIGNED.subarray(0, 175)));
    expect(cutter.region).toBeUndefined();
    cutter.update(UNSIGNED.subarray(175));
    expect(cutter.region).toEqual(UNSIGNED);
  });

  it('passes on what can no longer be a bound, before the file has ended', () => {
    let passed = 0;
    const cutter = createCutter((bytes) => (passed += bytes.length));
    cutter.update(around);
    expect(passed).toBe(400 - 27);
  });

  it.each([
    ['empty', new Uint8Array()],
    ['shorter than a bound', new Uint8Array(10)],
    ['without a bound', around],
    ['with half a bound at its end', concatBytes(around, boundBytes().slice(0, 27))],
  ])('STAMP_MISSING: a file %s', (_name, file) => {
    expect(() => cut([file])).toThrow(failure('STAMP_MISSING'));
  });

  const shifted = concatBytes(UNSIGNED.subarray(0, 100), Uint8Array.of(0), UNSIGNED.subarray(100));
  it.each([
    ['two regions', concatBytes(UNSIGNED, around, UNSIGNED)],
    ['a third bound behind it', concatBytes(UNSIGNED, around, boundBytes())],
    ['a third bound in front of it', concatBytes(boundBytes(), around, UNSIGNED)],
    ['a third bound inside it', insert(UNSIGNED, boundBytes(), 60).slice(0, -28)],
    ['a third bound that shares a byte with the second', concatBytes(UNSIGNED, boundBytes().subarray(1))],
    ['bounds one byte too far apart', shifted],
    ['one bound only', concatBytes(around, boundBytes(), around)],
    ['one bound at the end', concatBytes(around, boundBytes())],
    ['an end inside the region', concatBytes(around, UNSIGNED.subarray(0, 175))],
  ])('STAMP_MALFORMED: %s', (_name, file) => {
    for (const pieceBytes of [1, 50, file.length]) {
      expect(() => cut(inPieces(file, pieceBytes))).toThrow(failure('STAMP_MALFORMED'));
    }
  });

  it('stops at the third bound, not at the end of the file', () => {
    const cutter = createCutter(() => undefined);
    cutter.update(UNSIGNED);
    expect(() => {
      cutter.update(boundBytes());
    }).toThrow(failure('STAMP_MALFORMED'));
  });
});
