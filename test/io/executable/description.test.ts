import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPeerpatchError } from '../../../src/core/base/errors.ts';
import { decodeDescription, encodeDescription } from '../../../src/io/executable/description.ts';

const SHA256 = 'ab'.repeat(32);
const GOLDEN = `{"format":1,"appVersion":"1.2.3","addon":{"name":"iroh.linux-x64-gnu.node","sha256":"${SHA256}"}}`;
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('the description inside an executable', () => {
  it('is these bytes', () => {
    const description = {
      appVersion: { major: 1, minor: 2, patch: 3 },
      addon: { name: 'iroh.linux-x64-gnu.node', sha256: SHA256 },
    };
    expect(new TextDecoder().decode(encodeDescription(description))).toBe(GOLDEN);
    expect(decodeDescription(bytesOf(GOLDEN))).toEqual(description);
  });

  it('says that there is no addon', () => {
    const text = '{"format":1,"appVersion":"1.2.3","addon":null}';
    const description = { appVersion: { major: 1, minor: 2, patch: 3 }, addon: undefined };
    expect(new TextDecoder().decode(encodeDescription(description))).toBe(text);
    expect(decodeDescription(bytesOf(text))).toEqual(description);
  });

  const malformed: [name: string, text: string][] = [
    ['empty', ''],
    ['not JSON', '{'],
    ['null', 'null'],
    ['another format', GOLDEN.replace('"format":1', '"format":2')],
    ['no addon', '{"format":1,"appVersion":"1.2.3"}'],
    ['an addon that is a list', '{"format":1,"appVersion":"1.2.3","addon":[]}'],
    ['a version that is none', GOLDEN.replace('1.2.3', '1.2')],
    ['a name that leaves the folder', GOLDEN.replace('iroh.linux', '../iroh.linux')],
    ['a hidden name', GOLDEN.replace('iroh.linux', '.iroh.linux')],
    ['an endless name', GOLDEN.replace('iroh.linux', 'i'.repeat(65))],
    ['a short hash', GOLDEN.replace(SHA256, 'ab')],
    ['an upper-case hash', GOLDEN.replace(SHA256, SHA256.toUpperCase())],
  ];
  for (const [name, text] of malformed) {
    it(`is refused when it is ${name}`, () => {
      expect(() => decodeDescription(bytesOf(text))).toThrow(
        expect.objectContaining({ code: 'TRANSPORT_UNAVAILABLE' }) as Error,
      );
    });
  }

  it('is refused with the project’s own error, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(bytesOf)), (bytes) => {
        try {
          decodeDescription(bytes);
        } catch (error) {
          expect(isPeerpatchError(error, 'TRANSPORT_UNAVAILABLE')).toBe(true);
        }
      }),
    );
  });
});
