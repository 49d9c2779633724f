/**
 * The owner's key pair. Only its holder can make releases. Spec: docs/spec/01-key.md.
 *
 * The text form (52 z-base-32 characters of the seed) is the whole content of a key file. The seed never appears in
 * errors or logs.
 *
 * @module
 */
import { encodeZbase32 } from '../base/zbase32.ts';
import { ed25519Signer } from '../crypto/ed25519.ts';
import { keyBytesFromText, publicKeyFromBytes, type PublicKey } from './public-key.ts';

export interface OwnerKey {
  readonly publicKey: PublicKey;
  /** Ed25519, 64 bytes. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** @param seed 32 secret random bytes */
export function ownerKeyFromSeed(seed: Uint8Array): OwnerKey {
  const signer = ed25519Signer(seed);
  return { publicKey: publicKeyFromBytes(signer.publicKey), sign: signer.sign };
}

/**
 * Reads the content of a key file.
 *
 * @param source where the text was found, for the message
 * @throws PeerpatchError KEY_MALFORMED
 */
export function parseOwnerKey(text: string, source?: string): OwnerKey {
  return ownerKeyFromSeed(keyBytesFromText(text, 'owner key', source));
}

/** What a key file holds for this seed: 52 characters, no newline. */
export function formatOwnerSeed(seed: Uint8Array): string {
  return encodeZbase32(seed);
}
