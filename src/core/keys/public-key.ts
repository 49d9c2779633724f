/**
 * The owner's public key: 32 bytes, written as 52 z-base-32 characters. Spec: docs/spec/01-key.md.
 *
 * @module
 */
import { PeerpatchError } from '../base/errors.ts';
import { decodeZbase32, encodeZbase32 } from '../base/zbase32.ts';
import { isStrictPublicKey } from '../crypto/ed25519.ts';

declare const publicKey: unique symbol;

/** 32 bytes that passed {@link publicKeyFromBytes}: a point of the curve, canonical, not of small order. */
export type PublicKey = Uint8Array & { readonly [publicKey]: true };

/** Characters of a key in text. */
export const KEY_TEXT_LENGTH = 52;

/** Takes a copy. @throws PeerpatchError KEY_MALFORMED */
export function publicKeyFromBytes(bytes: Uint8Array): PublicKey {
  if (!isStrictPublicKey(bytes)) throw new PeerpatchError('KEY_MALFORMED', 'these bytes are not an Ed25519 public key');
  return bytes.slice() as PublicKey;
}

/** Reads the text form; surrounding whitespace is ignored. @throws PeerpatchError KEY_MALFORMED */
export function parsePublicKey(text: string): PublicKey {
  return publicKeyFromBytes(keyBytesFromText(text, 'public key'));
}

/** The text form, 52 characters. */
export function formatPublicKey(key: PublicKey): string {
  return encodeZbase32(key);
}

/** What a key text should be, and where the right one is found. */
const EXPECTED = {
  'public key': 'as printed by "peerpatch gen"',
  // Not the printed line: what is signed with that, everybody can sign.
  'owner key': 'as in the file that "peerpatch gen" wrote',
};

/**
 * The 32 bytes of a key text of either kind.
 *
 * @param kind what the text should be, for the message; the text itself is not repeated, it may be a secret
 * @param source where it was read, for the message
 * @throws PeerpatchError KEY_MALFORMED
 */
export function keyBytesFromText(text: string, kind: keyof typeof EXPECTED, source?: string): Uint8Array {
  const trimmed = text.trim();
  const bytes = trimmed.length === KEY_TEXT_LENGTH ? decodeZbase32(trimmed) : undefined;
  if (bytes === undefined) {
    const found = trimmed.length === KEY_TEXT_LENGTH ? 'other characters in it' : `${trimmed.length} characters`;
    throw new PeerpatchError(
      'KEY_MALFORMED',
      `the ${kind}${source === undefined ? '' : ` from ${source}`} is not a key: expected ${KEY_TEXT_LENGTH} z-base-32 characters ${EXPECTED[kind]}, found ${found}`,
    );
  }
  return bytes;
}
