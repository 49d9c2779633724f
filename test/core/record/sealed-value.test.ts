import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isPeerpatchError } from '../../../src/core/base/errors.ts';
import { fromHex } from '../../../src/core/base/hex.ts';
import { decodeSealedValue, encodeSealedValue } from '../../../src/core/record/sealed-value.ts';
import { V0 } from '../../support/record-samples.ts';

/** 24010000 (292 bytes of sealed record), the sealed record, the sealed key. */
const GOLDEN = fromHex(V0.sealed.value);

/** A value of `total` bytes that claims a sealed record of `length`. */
function claiming(length: number, total: number): Uint8Array {
  const bytes = new Uint8Array(total);
  new DataView(bytes.buffer).setUint32(0, length, true);
  return bytes;
}

it('splits the golden bytes', () => {
  const { sealedRecord, sealedKey } = decodeSealedValue(GOLDEN);
  expect([sealedRecord.length, sealedKey.length]).toEqual([292, 88]);
  expect(sealedRecord).toEqual(GOLDEN.slice(4, 296));
  expect(sealedKey).toEqual(GOLDEN.slice(296));
});

it.each([
  ['the smallest record', 192],
  ['the largest record', 2048],
])('accepts %s', (_name, length) => {
  expect(decodeSealedValue(claiming(length, length + 92)).sealedRecord.length).toBe(length);
});

it.each<[name: string, bytes: Uint8Array]>([
  ['empty', new Uint8Array()],
  ['three bytes', GOLDEN.slice(0, 3)],
  ['a length and nothing else', GOLDEN.slice(0, 4)],
  ['one byte short', GOLDEN.slice(0, -1)],
  ['one byte long', Uint8Array.of(...GOLDEN, 0)],
  ['a record too short to be one', claiming(191, 283)],
  ['a record above the limit', claiming(2049, 2141)],
  ['a length of 2^32 - 1', claiming(0xffffffff, 384)],
  ['a length that leaves no key', claiming(380, 384)],
])('rejects: %s', (_name, bytes) => {
  expect(() => decodeSealedValue(bytes)).toThrow(expect.objectContaining({ code: 'RECORD_MALFORMED' }));
});

it('is canonical: what it accepts, it writes back byte for byte', () => {
  const length = fc.oneof(fc.integer({ min: 190, max: 2050 }), fc.nat(0xffffffff));
  fc.assert(
    fc.property(length, fc.constantFrom(-1, 0, 0, 1), (claimed, extra) => {
      const bytes = claiming(claimed, Math.min(claimed + 92 + extra, 4096));
      try {
        expect(encodeSealedValue(decodeSealedValue(bytes))).toEqual(bytes);
      } catch (error) {
        if (!isPeerpatchError(error, 'RECORD_MALFORMED')) throw error;
      }
    }),
  );
});
