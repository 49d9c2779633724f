import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeQuarantine, encodeQuarantine } from '../../../src/core/install/quarantine.ts';

const GOLDEN = '{"format":1,"version":"1.1.0","reason":"it hung","at":1700000000000}\n';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a quarantine note', () => {
  it('is this line', () => {
    const note = { version: '1.1.0', reason: 'it hung', at: 1_700_000_000_000 };
    expect(new TextDecoder().decode(encodeQuarantine(note))).toBe(GOLDEN);
    expect(decodeQuarantine(bytes(GOLDEN))).toEqual(note);
  });

  it('holds whatever the reason was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (reason) => {
        const encoded = encodeQuarantine({ version: '1.1.0', reason, at: 1 });
        expect(encodeQuarantine(decodeQuarantine(encoded))).toEqual(encoded);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['another format', GOLDEN.replace('1,', '2,')],
    ['no version', GOLDEN.replace('1.1.0', 'one')],
    ['a reason of two lines', GOLDEN.replace('it hung', 'it\\nhung')],
    ['a time as text', GOLDEN.replace('1700000000000', '"now"')],
    ['a key more', GOLDEN.replace('}', ',"x":1}')],
  ])('rejects: %s', (_name, text) => {
    expect(() => decodeQuarantine(bytes(text))).toThrow(expect.objectContaining({ code: 'INSTALL_STATE_DAMAGED' }));
  });
});
