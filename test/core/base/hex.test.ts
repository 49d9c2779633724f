import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';

describe('hex', () => {
  it('is two lower-case digits a byte', () => {
    expect(toHex(Uint8Array.of(0, 0x0f, 0xa0, 0xff))).toBe('000fa0ff');
    expect(toHex(new Uint8Array())).toBe('');
  });

  it('reads upper case as well', () => {
    expect(fromHex('0AfF')).toEqual(Uint8Array.of(0x0a, 0xff));
  });

  it.each(['0', '0g', ' 00', '00 ', '0x00', '0\u066000', '-1'])('rejects: %j', (text) => {
    expect(() => fromHex(text)).toThrow(RangeError);
  });

  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes);
      }),
    );
  });
});
