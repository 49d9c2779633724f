/**
 * X25519 keys made from Ed25519 keys (RFC 7748): one seed signs and decrypts.
 *
 * Only the key conversions. The shared secret is made inside HPKE (hpke.ts).
 *
 * @module
 */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { concatBytes } from '../base/bytes.ts';
import { fromHex } from '../base/hex.ts';
import { ed25519Signer } from './ed25519.ts';
import { sha512Half } from './hash.ts';

export const X25519_KEY_BYTES = 32;

// RFC 8410: the fixed DER header in front of the raw 32 bytes.
const PKCS8_HEADER = fromHex('302e020100300506032b656e04220420');
const FIELD_PRIME = (1n << 255n) - 19n;

export interface X25519KeyPair {
  /** 32 bytes, not clamped: X25519 clamps when it multiplies. */
  readonly privateKey: Uint8Array;
  /** 32 bytes, the u coordinate, little-endian. */
  readonly publicKey: Uint8Array;
}

/** @param privateKey 32 bytes, clamped or not. @throws RangeError for another length. */
export function x25519KeyPair(privateKey: Uint8Array): X25519KeyPair {
  if (privateKey.length !== X25519_KEY_BYTES) {
    throw new RangeError(`an X25519 private key has 32 bytes, got ${privateKey.length}`);
  }
  const der = Buffer.from(concatBytes(PKCS8_HEADER, privateKey));
  const key = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  return { privateKey, publicKey: new Uint8Array(key.export({ format: 'der', type: 'spki' }).subarray(-32)) };
}

/** The key pair with the secret scalar of an Ed25519 seed (32 bytes): its public key is `montgomeryPoint` of theirs. */
export function x25519FromEd25519Seed(seed: Uint8Array): X25519KeyPair {
  return { privateKey: sha512Half(seed), publicKey: montgomeryPoint(ed25519Signer(seed).publicKey) };
}

/**
 * The u coordinate of an Ed25519 public key's point: u = (1 + y) / (1 - y), RFC 7748 section 4.1.
 *
 * @param publicKey 32 bytes; the sign of x does not matter
 * @throws RangeError for another length, and for the neutral point, which has no u
 */
export function montgomeryPoint(publicKey: Uint8Array): Uint8Array {
  if (publicKey.length !== X25519_KEY_BYTES) throw new RangeError(`a point has 32 bytes, got ${publicKey.length}`);
  let y = 0n;
  for (let index = 31; index >= 0; index--) y = (y << 8n) | BigInt(publicKey[index] ?? 0);
  y &= (1n << 255n) - 1n;
  const denominator = modulo(1n - y);
  if (denominator === 0n) throw new RangeError('the neutral point has no u coordinate');
  let u = modulo((1n + y) * inverse(denominator));
  return Uint8Array.from({ length: 32 }, () => {
    const byte = Number(u & 0xffn);
    u >>= 8n;
    return byte;
  });
}

function modulo(value: bigint): bigint {
  const rest = value % FIELD_PRIME;
  return rest < 0n ? rest + FIELD_PRIME : rest;
}

/** Extended Euclid: the keys here derive from public values, so constant time is not needed. */
function inverse(value: bigint): bigint {
  let [a, b, x, y] = [value, FIELD_PRIME, 1n, 0n];
  while (a !== 1n) {
    const quotient = b / a;
    [a, b, x, y] = [b - quotient * a, a, y - quotient * x, x];
  }
  return modulo(x);
}
