import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPostcardReader, encodeI32, encodeU64, type PostcardReader } from '../../../src/core/base/postcard.ts';
import { hexdump } from '../../support/hexdump.ts';

class Malformed extends Error {}

const readerOf = (bytes: Uint8Array, offset?: number): PostcardReader =>
  createPostcardReader({
    bytes,
    malformed: (reason) => new Malformed(reason),
    ...(offset !== undefined && { offset }),
  });
const MAX = Number.MAX_SAFE_INTEGER;

describe('u64', () => {
  const golden: [value: number, bytes: string][] = [
    [0, '00'],
    [127, '7f'],
    [128, '80 01'], // the first that needs two
    [300, 'ac 02'],
    [16_384, '80 80 01'],
    [2 ** 32, '80 80 80 80 10'],
    [MAX, 'ff ff ff ff ff ff ff 0f'],
  ];
  it.each(golden)('%d', (value, bytes) => {
    expect(encodeU64(value)).toEqual(hexdump(bytes));
    const reader = readerOf(hexdump(bytes));
    expect(reader.u64(MAX)).toBe(value);
    expect(reader.offset).toBe(hexdump(bytes).length);
  });

  const malformed: [name: string, bytes: string, max: number][] = [
    ['nothing there', '', MAX],
    ['ends where more is promised', '80', MAX],
    ['one too many for the limit', '80 01', 127],
    ['zero in two bytes', '80 00', MAX],
    ['300 in three bytes', 'ac 82 00', MAX],
    ['a limit of 2^53, one more', '80 80 80 80 80 80 80 10', MAX],
    ['2^63', '80 80 80 80 80 80 80 80 80 01', MAX],
    ['eleven bytes', '80 80 80 80 80 80 80 80 80 80 01', MAX],
    ['zeros without end', '80'.repeat(500), MAX],
    ['seventy bits', 'ff'.repeat(9) + '7f', MAX],
  ];
  it.each(malformed)('rejects: %s', (_name, bytes, max) => {
    expect(() => readerOf(hexdump(bytes)).u64(max)).toThrow(Malformed);
  });

  it('takes the largest allowed value', () => {
    expect(readerOf(hexdump('7f')).u64(127)).toBe(127);
  });

  it.each([-1, 0.5, NaN])('does not write %d', (value) => {
    expect(() => encodeU64(value)).toThrow(RangeError);
  });

  it('is canonical: what it accepts, it writes back byte for byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        const reader = readerOf(bytes);
        try {
          const value = reader.u64(MAX);
          expect(encodeU64(value)).toEqual(bytes.slice(0, reader.offset));
        } catch (error) {
          expect(error).toBeInstanceOf(Malformed);
        }
      }),
    );
  });
});

describe('i32', () => {
  const golden: [value: number, bytes: string][] = [
    [0, '00'],
    [-1, '01'],
    [1, '02'],
    [-64, '7f'],
    [64, '80 01'],
    [2 ** 31 - 1, 'fe ff ff ff 0f'],
    [-(2 ** 31), 'ff ff ff ff 0f'],
  ];
  it.each(golden)('%d', (value, bytes) => {
    expect(encodeI32(value)).toEqual(hexdump(bytes));
    expect(readerOf(hexdump(bytes)).i32()).toBe(value);
  });

  it.each(['80 00', '80 80 80 80 10', 'ff ff ff ff 1f', '80 80 80 80 80 01', 'ff ff ff ff'])('rejects: %s', (bytes) => {
    expect(() => readerOf(hexdump(bytes)).i32()).toThrow(Malformed);
  });

  it.each([2 ** 31, -(2 ** 31) - 1, 0.5, NaN])('does not write %d', (value) => {
    expect(() => encodeI32(value)).toThrow(RangeError);
  });

  it('reads back every number it writes', () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        expect(readerOf(encodeI32(value)).i32()).toBe(value);
      }),
    );
  });
});

describe('bytes', () => {
  it('are a copy, and move the reader on', () => {
    const source = Uint8Array.of(1, 2, 3, 4);
    const reader = readerOf(source, 1);
    const taken = reader.bytes(2);
    source.fill(9);
    expect(taken).toEqual(Uint8Array.of(2, 3));
    expect(reader.offset).toBe(3);
  });

  it('says how many are missing, and stays where it was', () => {
    const reader = readerOf(Uint8Array.of(1, 2, 3), 1);
    expect(() => reader.bytes(5)).toThrow('3 bytes too early');
    expect(reader.offset).toBe(1);
  });
});
