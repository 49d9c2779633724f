/**
 * SHA-512, its truncated form H32, and SHA-1 for DHT targets. The only hash functions of the v0 formats.
 *
 * `node:crypto` is allowed inside this folder alone: these functions are pure, and the engine's implementation is ten
 * times faster than any in JavaScript (docs/adr/0002).
 *
 * @module
 */
import { createHash } from 'node:crypto';

/** SHA-512 of the parts, joined. 64 bytes. */
export function sha512(...parts: readonly Uint8Array[]): Uint8Array {
  return digest('sha512', parts);
}

/** The first 32 bytes of SHA-512: not SHA-512/256, which has other initial values. */
export function sha512Half(...parts: readonly Uint8Array[]): Uint8Array {
  return sha512(...parts).slice(0, 32);
}

/** SHA-1 of the parts, joined. 20 bytes. Only where BEP 5 and BEP 44 ask for it: nothing's safety rests on it. */
export function sha1(...parts: readonly Uint8Array[]): Uint8Array {
  return digest('sha1', parts);
}

/** A SHA-512 that is fed piece by piece. */
export interface Sha512 {
  update(bytes: Uint8Array): void;
  /** The 64 bytes. Ends the hash. */
  digest(): Uint8Array;
}

export function createSha512(): Sha512 {
  const hash = createHash('sha512');
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => new Uint8Array(hash.digest()),
  };
}

function digest(algorithm: string, parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}
