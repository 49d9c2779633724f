/**
 * SHA-512 and its truncated form H32 (v0 formats), SHA-256 (v1 formats), SHA-1 (DHT targets).
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

/** SHA-256 of the parts, joined. 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return digest('sha256', parts);
}

/** SHA-1 of the parts, joined. 20 bytes. Only where BEP 5 and BEP 44 ask for it: nothing's safety rests on it. */
export function sha1(...parts: readonly Uint8Array[]): Uint8Array {
  return digest('sha1', parts);
}

/** A hash that is fed piece by piece. */
export interface RunningHash {
  update(bytes: Uint8Array): void;
  /** The hash, as long as its algorithm says. Ends it. */
  digest(): Uint8Array;
}

/** 64 bytes at the end. */
export function createSha512(): RunningHash {
  return running('sha512');
}

/** 32 bytes at the end. */
export function createSha256(): RunningHash {
  return running('sha256');
}

function running(algorithm: string): RunningHash {
  const hash = createHash(algorithm);
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
