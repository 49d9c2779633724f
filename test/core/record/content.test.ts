import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { isPeerpatchError } from '../../../src/core/base/errors.ts';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import { decodeContent, encodeContent } from '../../../src/core/record/content.ts';
import { NO_HINTS } from '../../../src/core/record/hints.ts';
import { encodeRelease } from '../../../src/core/release/release-encoding.ts';
import { releaseOf, V0 } from '../../support/record-samples.ts';

const GOLDEN = fromHex(V0.patch.info);
const release = releaseOf('1.2.3');
const hints = { addresses: ['127.0.0.1:4433'], relayUrl: 'https://relay.test' };
/** The form with a length before the signature. */
const PREFIXED = concatBytes(GOLDEN.subarray(0, -64), Uint8Array.of(0x40), GOLDEN.subarray(-64));

describe('decodeContent', () => {
  it('reads a release alone, as rustpatcher writes it', () => {
    const content = decodeContent(GOLDEN);
    expect(content.hints).toEqual(NO_HINTS);
    expect(content.release).toMatchObject({ version: { major: 1, minor: 2, patch: 3 }, sizeBytes: 40 });
    expect(toHex(encodeContent(content))).toBe(V0.patch.info);
  });

  it('reads the form with a length before the signature', () => {
    expect(decodeContent(PREFIXED)).toEqual(decodeContent(GOLDEN));
  });

  it('takes one byte behind a bare signature for hints, not for the other form', () => {
    const bytes = Uint8Array.of(...GOLDEN, 0x01);
    expect(decodeContent(bytes)).toEqual(decodeContent(GOLDEN));
  });

  it('takes a bare signature that starts with 0x40 for what it is', () => {
    const claim = { ...release, signature: new Uint8Array(64).fill(0x40) };
    for (const given of [hints, NO_HINTS]) {
      expect(decodeContent(encodeContent({ release: claim, hints: given }))).toEqual({ release: claim, hints: given });
    }
  });

  it('reads back what was written, with and without hints', () => {
    for (const content of [
      { release, hints },
      { release, hints: NO_HINTS },
    ]) {
      expect(decodeContent(encodeContent(content))).toEqual(content);
    }
  });

  it('begins with the bytes of the release, so that readers without hints understand it', () => {
    const bytes = encodeContent({ release, hints });
    const alone = encodeRelease(release);
    expect(bytes.subarray(0, alone.length)).toEqual(alone);
    expect(bytes.length).toBeGreaterThan(alone.length);
  });

  it('drops hints that cannot be sent', () => {
    const bytes = encodeContent({ release, hints: { addresses: ['0.0.0.0:1', 'example.org:1'], relayUrl: 'x' } });
    expect(bytes).toEqual(encodeRelease(release));
  });

  it('drops an address that cannot be dialled and keeps the others', () => {
    const behind = fromHex(['0102', '04e000000104d2', '047f00000104d2', '00'].join('')); // 224.0.0.1, 127.0.0.1
    expect(decodeContent(concatBytes(GOLDEN, behind)).hints).toEqual({ addresses: ['127.0.0.1:1234'] });
  });

  it.each([
    ['an unknown version', '02deadbeef'],
    ['a count that is too large', '01ff'],
    ['random bytes', 'c0ffee'],
  ])('ignores hints it cannot read: %s', (_name, hex) => {
    expect(decodeContent(concatBytes(GOLDEN, fromHex(hex)))).toEqual(decodeContent(GOLDEN));
  });

  it.each([
    ['empty', new Uint8Array()],
    ['one byte short', GOLDEN.slice(0, -1)],
    ['a negative version part', GOLDEN.with(0, 0x01)],
    ['the other form, one byte short', PREFIXED.slice(0, -2)],
  ])('rejects: %s', (_name, bytes) => {
    expect(() => decodeContent(bytes)).toThrow(expect.objectContaining({ code: 'RELEASE_MALFORMED' }));
  });

  it('throws nothing but its own error, and never lets hints hide a release', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (behind) => {
        fc.pre(behind.length !== 1);
        expect(decodeContent(concatBytes(GOLDEN, behind)).release).toEqual(decodeContent(GOLDEN).release);
        try {
          decodeContent(behind);
        } catch (error) {
          if (!isPeerpatchError(error, 'RELEASE_MALFORMED')) throw error;
        }
      }),
    );
  });
});
