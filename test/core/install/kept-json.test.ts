import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_INSTALL_STATE_BYTES } from '../../../src/core/base/limits.ts';
import { decodeKeptJson, encodeKeptJson, isReason, reasonText } from '../../../src/core/install/kept-json.ts';

const decode = (bytes: Uint8Array) =>
  decodeKeptJson('note', bytes, ({ text }) => (typeof text === 'string' ? { text } : undefined));
const damaged = expect.objectContaining({ code: 'INSTALL_STATE_DAMAGED' }) as Error;

describe('small JSON files of an install', () => {
  it('give back what was written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (text) => {
        expect(decode(encodeKeptJson({ text }))).toEqual({ text });
      }),
    );
  });

  it('are not read beyond the limit', () => {
    const text = 'x'.repeat(MAX_INSTALL_STATE_BYTES);
    expect(() => decode(encodeKeptJson({ text }))).toThrow(damaged);
    expect(decode(encodeKeptJson({ text: text.slice(12) }))).toEqual({ text: text.slice(12) });
  });

  it.each([
    ['a byte order mark', [0xef, 0xbb, 0xbf, ...encodeKeptJson({ text: 'a' })]],
    ['bytes that are no UTF-8', [...new TextEncoder().encode('{"text":"'), 0xff, ...new TextEncoder().encode('"}\n')]],
    ['a key that is inherited', [...new TextEncoder().encode('{"__proto__":{"text":"a"}}\n')]],
    ['null', [...new TextEncoder().encode('null\n')]],
  ])('reject %s', (_name, bytes) => {
    expect(() => decode(Uint8Array.from(bytes))).toThrow(damaged);
  });
});

describe('a reason', () => {
  it('is one line for a terminal, whatever it was made of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const reason = reasonText(text);
        expect(reason.length).toBeLessThanOrEqual(300);
        expect(isReason(reason)).toBe(true);
        // eslint-disable-next-line no-control-regex -- what must not be in it
        expect(reason).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
        expect(JSON.parse(JSON.stringify(reason))).toBe(reason);
      }),
    );
  });

  it('has no half character where it was cut', () => {
    expect(reasonText(`${'x'.repeat(299)}😀`)).toBe(`${'x'.repeat(299)}\ufffd`);
    expect(reasonText('a\u001b[31mred\r\nline')).toBe('a [31mred line');
  });
});
