/**
 * One HPKE message as ed25519-dalek-hpke frames it. The keys are Ed25519 seeds, mapped to X25519.
 *
 * offset  size  field
 *      0     8  key length  u64 LE, always 32
 *      8    32  enc         X25519 ephemeral public key
 *     40     n  ciphertext  as long as the plaintext
 *   40+n    16  tag         ChaCha20-Poly1305
 *
 * `info` and `aad` are fixed texts. Spec: docs/spec/05-record.md.
 *
 * @module
 */
import { asciiBytes, concatBytes, equalBytes, u64le } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';
import { HPKE_ENC_BYTES, HPKE_TAG_BYTES, hpkeOpen, hpkeSeal, type HpkeMessage } from '../crypto/hpke.ts';
import type { X25519KeyPair } from '../crypto/x25519.ts';

const INFO = asciiBytes('arbitrary_info_bytes');
const AAD = asciiBytes('arbitrary_seal_bytes');
const KEY_LENGTH = u64le(HPKE_ENC_BYTES);
const CIPHERTEXT_OFFSET = KEY_LENGTH.length + HPKE_ENC_BYTES;

/** What sealing adds to a plaintext. */
export const SEAL_OVERHEAD_BYTES: number = CIPHERTEXT_OFFSET + HPKE_TAG_BYTES;

export interface SealMessageOptions {
  /** X25519, 32 bytes. */
  readonly recipientPublicKey: Uint8Array;
  /** 32 random bytes for this message alone. */
  readonly ephemeralPrivateKey: Uint8Array;
  readonly plaintext: Uint8Array;
}

/** Seals a plaintext to one reader. */
export async function sealMessage(options: SealMessageOptions): Promise<Uint8Array> {
  return encodeSealedMessage(await hpkeSeal({ ...options, info: INFO, aad: AAD }));
}

/** @throws PeerpatchError RECORD_MALFORMED when the bytes are not a message sealed to this reader */
export async function openMessage(recipient: X25519KeyPair, bytes: Uint8Array): Promise<Uint8Array> {
  const plaintext = await hpkeOpen({ recipient, ...decodeSealedMessage(bytes), info: INFO, aad: AAD });
  if (plaintext === undefined) throw new PeerpatchError('RECORD_MALFORMED', 'the message is not sealed to this slot');
  return plaintext;
}

export function encodeSealedMessage({ enc, ciphertext }: HpkeMessage): Uint8Array {
  return concatBytes(KEY_LENGTH, enc, ciphertext);
}

/** @throws PeerpatchError RECORD_MALFORMED */
export function decodeSealedMessage(bytes: Uint8Array): HpkeMessage {
  if (bytes.length < SEAL_OVERHEAD_BYTES) {
    throw new PeerpatchError(
      'RECORD_MALFORMED',
      `a sealed message has at least ${SEAL_OVERHEAD_BYTES} bytes, got ${bytes.length}`,
    );
  }
  if (!equalBytes(bytes.subarray(0, KEY_LENGTH.length), KEY_LENGTH)) {
    throw new PeerpatchError('RECORD_MALFORMED', `a sealed message starts with a key length of ${HPKE_ENC_BYTES}`);
  }
  return { enc: bytes.slice(KEY_LENGTH.length, CIPHERTEXT_OFFSET), ciphertext: bytes.slice(CIPHERTEXT_OFFSET) };
}
