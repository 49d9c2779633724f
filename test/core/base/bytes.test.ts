import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asciiBytes,
  checkRange,
  compareBytes,
  concatBytes,
  equalBytes,
  u64be,
  u64le,
} from '../../../src/core/base/bytes.ts';

const bytes = fc.uint8Array({ maxLength: 40 });

describe('concatBytes', () => {
  it('joins in order, empty parts too, into bytes of its own', () => {
    const part = Uint8Array.of(1, 2);
    const joined = concatBytes(part, new Uint8Array(), Uint8Array.of(3));
    part[0] = 9;
    expect(joined).toEqual(Uint8Array.of(1, 2, 3));
    expect(concatBytes()).toEqual(new Uint8Array());
  });
});

describe('equalBytes and compareBytes', () => {
  const cases: [name: string, a: number[], b: number[], order: number][] = [
    ['the same', [1, 2], [1, 2], 0],
    ['both empty', [], [], 0],
    ['a shorter one comes first, whatever is in it', [255], [0, 0], -1],
    ['the first different byte decides', [1, 2, 9], [1, 3, 0], -1],
    ['bytes are not signed', [0x80], [0x7f], 1],
  ];
  it.each(cases)('%s', (_name, a, b, order) => {
    const [left, right] = [Uint8Array.from(a), Uint8Array.from(b)];
    expect(Math.sign(compareBytes(left, right))).toBe(order);
    expect(Math.sign(compareBytes(right, left)) + order).toBe(0);
    expect(equalBytes(left, right)).toBe(order === 0);
  });

  it('a prefix is not equal to the whole', () => {
    expect(equalBytes(Uint8Array.of(1), Uint8Array.of(1, 2))).toBe(false);
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
  });

  it('agree with each other', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(equalBytes(a, b)).toBe(compareBytes(a, b) === 0);
        expect(equalBytes(a, a.slice())).toBe(true);
      }),
    );
  });
});

describe('asciiBytes', () => {
  it('is one byte a character', () => {
    expect(asciiBytes('aZ~\0')).toEqual(Uint8Array.of(0x61, 0x5a, 0x7e, 0));
  });
  it.each(['é', '\u0080', '€', '😀'])('rejects: %s', (text) => {
    expect(() => asciiBytes(text)).toThrow(RangeError);
  });
});

describe('u64le and u64be', () => {
  const cases: [value: number, bigEndian: string][] = [
    [0, '0000000000000000'],
    [1, '0000000000000001'],
    [0x1_0000_0000, '0000000100000000'],
    [Number.MAX_SAFE_INTEGER, '001fffffffffffff'],
  ];
  it.each(cases)('%d', (value, bigEndian) => {
    expect(Buffer.from(u64be(value)).toString('hex')).toBe(bigEndian);
    expect(Buffer.from(u64le(value).reverse()).toString('hex')).toBe(bigEndian);
  });
  it('refuse fractions', () => {
    expect(() => u64le(0.5)).toThrow(RangeError);
  });
});

describe('checkRange', () => {
  const cases: [offset: number, length: number, isInside: boolean][] = [
    [0, 10, true],
    [10, 0, true],
    [9, 1, true],
    [9, 2, false],
    [-1, 1, false],
    [0, -1, false],
    [0.5, 1, false],
    [Number.NaN, 1, false],
    [Number.MAX_SAFE_INTEGER, 1, false],
  ];
  it.each(cases)('%d and %d bytes from there on, of 10: %o', (offset, length, isInside) => {
    const check = (): void => {
      checkRange(offset, length, 10);
    };
    if (isInside) expect(check).not.toThrow();
    else expect(check).toThrow(RangeError);
  });
});
