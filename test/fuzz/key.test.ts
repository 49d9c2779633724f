/**
 * Random key texts: refused with their own error, or the one text of their key. Random bytes never verify.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { equalBytes } from '../../src/core/base/bytes.ts';
import { decodeZbase32, encodeZbase32 } from '../../src/core/base/zbase32.ts';
import { verifyStrict } from '../../src/core/crypto/ed25519.ts';
import { formatOwnerSeed, parseOwnerKey } from '../../src/core/keys/owner-key.ts';
import { formatPublicKey, keyBytesFromText, parsePublicKey } from '../../src/core/keys/public-key.ts';
import { accepts, bytesNear, FUZZ_RUNS, regressions } from '../support/fuzz.ts';
import { OWNER, V0 } from '../support/stamp-samples.ts';

const texts = [V0.owner.publicKeyText, V0.owner.keyFile, ` ${V0.owner.keyFile}\n`];
const message = Uint8Array.of(1, 2, 3);
const signature = OWNER.sign(message);

/** The bytes are those of a text: what a key file may hold. */
function check(bytes: Uint8Array): void {
  const text = new TextDecoder('latin1').decode(bytes);
  const decoded = decodeZbase32(text);
  if (decoded !== undefined) expect(encodeZbase32(decoded)).toBe(text);
  accepts(() => {
    expect(formatPublicKey(parsePublicKey(text))).toBe(text.trim());
  }, 'KEY_MALFORMED');
  accepts(() => {
    parseOwnerKey(text);
    expect(formatOwnerSeed(keyBytesFromText(text, 'owner key'))).toBe(text.trim());
  }, 'KEY_MALFORMED');
}

it('key texts', () => {
  const samples = texts.map((text) => new TextEncoder().encode(text));
  fc.assert(fc.property(bytesNear(...samples), check), { numRuns: FUZZ_RUNS });
});

it('keys and signatures', () => {
  // A verification costs more than the other checks together.
  const numRuns = Math.ceil(FUZZ_RUNS / 4);
  const near = fc.tuple(bytesNear(OWNER.publicKey), bytesNear(signature));
  fc.assert(
    fc.property(near, ([publicKey, signed]) => {
      const genuine = equalBytes(publicKey, OWNER.publicKey) && equalBytes(signed, signature);
      expect(verifyStrict(publicKey, message, signed)).toBe(genuine);
    }),
    { numRuns },
  );
});

it.each(regressions('key'))('regression %s', (_file, bytes) => {
  check(bytes);
});
