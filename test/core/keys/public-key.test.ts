import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPeerpatchError } from '../../../src/core/base/errors.ts';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import {
  formatPublicKey,
  KEY_TEXT_LENGTH,
  keyBytesFromText,
  parsePublicKey,
  publicKeyFromBytes,
} from '../../../src/core/keys/public-key.ts';
import { failure, V0 } from '../../support/stamp-samples.ts';

const TEXT = V0.owner.publicKeyText;
const ALPHABET = 'ybndrfg8ejkmcpqxot1uwisza345h769';

describe('public key', () => {
  it('has the text of the worked examples, both ways', () => {
    const pairs: [hex: string, text: string][] = [
      [V0.owner.publicKey, TEXT],
      [V0.node.id, V0.node.idText],
    ];
    for (const [hex, text] of pairs) {
      expect(toHex(parsePublicKey(text))).toBe(hex);
      expect(formatPublicKey(publicKeyFromBytes(fromHex(hex)))).toBe(text);
    }
    expect(pairs).toHaveLength(2);
    expect(TEXT).toHaveLength(KEY_TEXT_LENGTH);
  });

  it('is read with whitespace around it', () => {
    expect(formatPublicKey(parsePublicKey(` \t${TEXT}\r\n`))).toBe(TEXT);
  });

  it('is a copy', () => {
    const bytes = fromHex(V0.owner.publicKey);
    const key = publicKeyFromBytes(bytes);
    bytes.fill(0);
    expect(toHex(key)).toBe(V0.owner.publicKey);
  });

  const lastWithPadding = ALPHABET.charAt(ALPHABET.indexOf(TEXT.charAt(51)) + 1);
  const malformed: [name: string, text: string][] = [
    ['empty', ''],
    ['one character short', TEXT.slice(1)],
    ['one character long', `${TEXT}y`],
    ['upper case', TEXT.toUpperCase()],
    ['whitespace inside', `${TEXT.slice(0, 10)} ${TEXT.slice(11)}`],
    ['a character outside the alphabet', `l${TEXT.slice(1)}`],
    ['unused bits set: a second text for the same key', TEXT.slice(0, 51) + lastWithPadding],
    ['zero, a point of small order', 'y'.repeat(52)],
    ['hex', V0.owner.publicKey],
    ['a character of two units', `💥${TEXT.slice(2)}`],
  ];
  it.each(malformed)('rejects: %s', (_name, text) => {
    expect(() => parsePublicKey(text)).toThrow(failure('KEY_MALFORMED'));
  });

  it('rejects bytes that are no point of the curve: half of all typing errors', () => {
    expect(() => publicKeyFromBytes(new Uint8Array(32).with(0, 2))).toThrow(failure('KEY_MALFORMED'));
  });

  it('is not repeated in the message: the text may be a secret one', () => {
    const text = `${TEXT.slice(0, 51)}l`;
    expect(() => keyBytesFromText(text, 'owner key')).toThrow(/^the owner key is not a key/);
    expect(() => keyBytesFromText(text, 'owner key')).not.toThrow(new RegExp(TEXT.slice(0, 10)));
  });

  it('is canonical: what it accepts, it writes back character for character', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.nat(51), fc.constantFrom(...Array.from(`${ALPHABET}lY`)), (index, character) => {
        const text = TEXT.slice(0, index) + character + TEXT.slice(index + 1);
        try {
          expect(formatPublicKey(parsePublicKey(text))).toBe(text);
          accepted++;
        } catch (error) {
          expect(isPeerpatchError(error, 'KEY_MALFORMED')).toBe(true);
        }
      }),
    );
    expect(accepted).toBeGreaterThan(5);
  });
});
