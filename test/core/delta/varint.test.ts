import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/core/base/hex.ts';
import { createVarintReader, encodeVarint, fold, MAX_VARINT, unfold } from '../../../src/core/delta/varint.ts';

const malformed = (reason: string): Error => new Error(reason);

function read(bytes: Uint8Array, max = MAX_VARINT): number | undefined {
  const reader = createVarintReader(max, malformed);
  let value: number | undefined;
  for (const byte of bytes) {
    expect(value).toBeUndefined();
    value = reader.add(byte);
  }
  return value;
}

describe('varint', () => {
  it.each([
    [0, '00'],
    [1, '01'],
    [127, '7f'],
    [128, '8001'],
    [16_383, 'ff7f'],
    [16_384, '808001'],
    [2 ** 32, '8080808010'],
    [MAX_VARINT, 'ffffffff7f'],
  ])('%i is %s', (value, hex) => {
    expect(toHex(encodeVarint(value))).toBe(hex);
    expect(read(encodeVarint(value))).toBe(value);
  });

  it('reads what it writes', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (number) => {
        expect(read(encodeVarint(number % (MAX_VARINT + 1)))).toBe(number % (MAX_VARINT + 1));
      }),
    );
  });

  it.each([
    ['a last byte of zero', [0x80, 0x00], MAX_VARINT, /shortest/],
    ['six bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0x01], MAX_VARINT, /too long/],
    ['one above the largest', [0x81, 0x01], 128, /above 128/],
  ])('rejects: %s', (_name, bytes, max, message) => {
    expect(() => read(Uint8Array.from(bytes), max)).toThrow(message);
  });

  it.each([-1, 0.5, MAX_VARINT + 1])('does not write %d', (value) => {
    expect(() => encodeVarint(value)).toThrow(RangeError);
  });
});

describe('fold', () => {
  it.each([
    [0, 0],
    [-1, 1],
    [1, 2],
    [-2, 3],
    [2 ** 32, 2 ** 33],
    [-(2 ** 32), 2 ** 33 - 1],
  ])('%i becomes %i and back', (value, folded) => {
    expect(fold(value)).toBe(folded);
    expect(unfold(folded)).toBe(value);
  });
});
