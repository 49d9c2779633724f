import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeZbase32, encodeZbase32 } from '../../../src/core/base/zbase32.ts';
import { hexdump } from '../../support/hexdump.ts';

const ALPHABET = 'ybndrfg8ejkmcpqxot1uwisza345h769';

describe('z-base-32', () => {
  // The examples of its author's description that have whole bytes, and one that uses every character.
  const golden: [hex: string, text: string][] = [
    ['', ''],
    ['00', 'yy'],
    ['ff', '9h'],
    ['f0bfc7', '6n9hq'],
    ['d47a04', '4t7ye'],
    ['00443214c74254b635cf84653a56d7c675be77df', ALPHABET],
  ];
  it.each(golden)('%s is %s', (hex, text) => {
    expect(encodeZbase32(hexdump(hex))).toBe(text);
    expect(decodeZbase32(text)).toEqual(hexdump(hex));
  });

  const malformed: [name: string, text: string][] = [
    ['one character, which is less than a byte', 'y'],
    ['three characters: five bits too many', 'yyy'],
    ['six characters: five bits too many', 'yyyyyy'],
    ['padding that is not zero', 'yb'],
    ['the last bit of the padding', '9i'],
    ['upper case', 'YY'],
    ['a character that is left out on purpose', 'l2'],
    ['padding characters', 'yy======'],
    ['a space', 'yy '],
    ['a line end', 'yy\n'],
    ['a character of two units', 'y😀'],
  ];
  it.each(malformed)('rejects: %s', (_name, text) => {
    expect(decodeZbase32(text)).toBeUndefined();
  });

  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(decodeZbase32(encodeZbase32(bytes))).toEqual(bytes);
      }),
    );
  });

  it('is canonical: what it accepts, it writes back', () => {
    const text = fc.string({ unit: fc.constantFrom(...Array.from(ALPHABET)), maxLength: 60 });
    fc.assert(
      fc.property(text, (given) => {
        const bytes = decodeZbase32(given);
        if (bytes !== undefined) expect(encodeZbase32(bytes)).toBe(given);
      }),
    );
  });
});
