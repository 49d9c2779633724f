/**
 * HPKE (RFC 9180), base mode, one message: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305.
 *
 * The ephemeral key is a parameter, so that these functions stay pure and the RFC's vectors can be checked. It must be
 * random and used once. Framing is not here: see record/sealed-message.ts.
 *
 * @module
 */
import { Chacha20Poly1305 } from '@hpke/chacha20poly1305';
import { CipherSuite, DecapError, DeserializeError, HkdfSha256, OpenError } from '@hpke/core';
import { DhkemX25519HkdfSha256 } from '@hpke/dhkem-x25519';
import type { webcrypto } from 'node:crypto';
import { x25519KeyPair, type X25519KeyPair } from './x25519.ts';

/** The length of the encapsulated key, `enc`. */
export const HPKE_ENC_BYTES = 32;
/** What the cipher adds to the plaintext. */
export const HPKE_TAG_BYTES = 16;

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Chacha20Poly1305(),
});

export interface HpkeSealOptions {
  /** X25519, 32 bytes. */
  readonly recipientPublicKey: Uint8Array;
  /** X25519, 32 random bytes for this message alone. */
  readonly ephemeralPrivateKey: Uint8Array;
  readonly info: Uint8Array;
  readonly aad: Uint8Array;
  readonly plaintext: Uint8Array;
}

export interface HpkeMessage {
  /** The encapsulated key, 32 bytes. */
  readonly enc: Uint8Array;
  /** As long as the plaintext plus 16 bytes of tag. */
  readonly ciphertext: Uint8Array;
}

export async function hpkeSeal(options: HpkeSealOptions): Promise<HpkeMessage> {
  const sender = await suite.createSenderContext({
    recipientPublicKey: await importKey(options.recipientPublicKey, 'public'),
    ekm: await importPair(x25519KeyPair(options.ephemeralPrivateKey)),
    info: exactBuffer(options.info),
  });
  const ciphertext = await sender.seal(exactBuffer(options.plaintext), exactBuffer(options.aad));
  return { enc: new Uint8Array(sender.enc), ciphertext: new Uint8Array(ciphertext) };
}

export interface HpkeOpenOptions extends HpkeMessage {
  readonly recipient: X25519KeyPair;
  readonly info: Uint8Array;
  readonly aad: Uint8Array;
}

/** The plaintext, or undefined when the message was not sealed to this recipient with this `info` and `aad`. */
export async function hpkeOpen(options: HpkeOpenOptions): Promise<Uint8Array | undefined> {
  try {
    const recipient = await suite.createRecipientContext({
      recipientKey: await importPair(options.recipient),
      enc: exactBuffer(options.enc),
      info: exactBuffer(options.info),
    });
    return new Uint8Array(await recipient.open(exactBuffer(options.ciphertext), exactBuffer(options.aad)));
  } catch (error) {
    // A point of small order, a wrong length and a wrong tag all mean the same to the reader.
    if (error instanceof OpenError || error instanceof DecapError || error instanceof DeserializeError)
      return undefined;
    throw error;
  }
}

async function importPair({ privateKey, publicKey }: X25519KeyPair): Promise<webcrypto.CryptoKeyPair> {
  return { privateKey: await importKey(privateKey, 'private'), publicKey: await importKey(publicKey, 'public') };
}

async function importKey(key: Uint8Array, type: 'public' | 'private'): Promise<webcrypto.CryptoKey> {
  // The library names the browser's type, which these typings do not have under that name.
  return (await suite.kem.importKey('raw', exactBuffer(key), type === 'public')) as webcrypto.CryptoKey;
}

/** A copy with a buffer of its own: the library reads whole buffers, and a view may be part of a packet. */
function exactBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
