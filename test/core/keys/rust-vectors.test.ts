/**
 * Keys as the Rust crates write and read them (test/vectors/rustpatcher-keys.json): every row is computed and counted.
 *
 * @module
 */
import { expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import { encodeZbase32 } from '../../../src/core/base/zbase32.ts';
import { formatOwnerSeed, ownerKeyFromSeed, parseOwnerKey } from '../../../src/core/keys/owner-key.ts';
import { formatPublicKey, keyBytesFromText, parsePublicKey } from '../../../src/core/keys/public-key.ts';
import { resultOrCode, ruleBytes, rustVectors } from '../../support/rust-vectors.ts';

interface KeyVectors {
  readonly keys: readonly Readonly<Record<'seed' | 'secretText' | 'publicKey' | 'publicKeyText', string>>[];
  /** `bytes` is null where the crate refuses the text. */
  readonly texts: readonly { readonly name: string; readonly text: string; readonly bytes: string | null }[];
}

const { keys, texts } = rustVectors<KeyVectors>('keys');

it('makes 32 key pairs, and reads and writes their texts', () => {
  const ours = keys.map(({ seed, secretText, publicKeyText }) => ({
    seed: toHex(keyBytesFromText(secretText, 'owner key')),
    secretText: formatOwnerSeed(fromHex(seed)),
    publicKey: toHex(parsePublicKey(publicKeyText)),
    publicKeyText: formatPublicKey(ownerKeyFromSeed(fromHex(seed)).publicKey),
  }));
  const byKey = (key: object): object => Object.fromEntries(Object.entries(key).sort());
  expect(ours.map(byKey)).toEqual(keys.map(byKey));
  expect(keys.map(({ secretText }) => toHex(parseOwnerKey(secretText).publicKey))).toEqual(
    keys.map(({ publicKey }) => publicKey),
  );
  expect(keys.slice(0, 28).map(({ seed }) => seed)).toEqual(
    Array.from({ length: 28 }, (_, number) => toHex(ruleBytes('owner', number, 32))),
  );
  expect(keys).toHaveLength(32);
});

it('reads each of 15 texts as the crate does, or refuses it', () => {
  /** Read by the crate, refused by us: bits that no character of a key has, and lengths that only happen to hold 32 bytes. */
  const stricter = [
    'one character less',
    'one character more',
    'last character b: lowest unused bit set',
    'last character e: highest unused bit set',
    'last character 9: all bits set',
    'nothing',
    'one character of three bits',
  ];
  /** Refused by the crate, read by us: editors put it there. */
  const around = ['a newline behind', 'a space in front'];
  const [{ bytes: key } = { bytes: null }] = texts;
  for (const { name, text, bytes } of texts) {
    const expected = stricter.includes(name) ? null : around.includes(name) ? key : bytes;
    const read = resultOrCode(() => toHex(keyBytesFromText(text, 'owner key')));
    expect([name, read]).toEqual([name, expected ?? 'KEY_MALFORMED']);
    if (stricter.includes(name)) expect([name, bytes]).not.toEqual([name, null]);
    else if (around.includes(name)) expect(bytes).toBeNull();
    else expect(read).toBe(bytes === null ? 'KEY_MALFORMED' : encodeRead(bytes, text));
  }
  expect(texts).toHaveLength(15);
});

/** The bytes, once it is shown that the text is the only one for them. */
function encodeRead(bytes: string, text: string): string {
  expect(encodeZbase32(fromHex(bytes))).toBe(text);
  return bytes;
}
