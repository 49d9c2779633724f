/**
 * Write tokens of a storing node (BEP 5): proof that who puts has just asked from the same IP.
 *
 * token  first 8 bytes of SHA-512(secret || IP), under a secret that changes every five minutes; the one before it is
 * still honoured, so a token lives five to ten minutes. Nothing is remembered per address.
 *
 * @module
 */
import { asciiBytes, concatBytes, equalBytes } from '../base/bytes.ts';
import { MINUTE_MS } from '../base/units.ts';
import { sha512 } from '../crypto/hash.ts';
import type { NodeAddress } from './address.ts';

export const TOKEN_BYTES = 8;
export const TOKEN_ROTATION_MS: number = 5 * MINUTE_MS;
const SECRET_BYTES = 32;

export class TokenIssuer {
  readonly #randomBytes: (length: number) => Uint8Array;
  #secret: Uint8Array;
  #previous: Uint8Array | undefined;
  #rotatedMs: number;

  /** @param nowMs monotonic milliseconds, as in the other methods */
  constructor(randomBytes: (length: number) => Uint8Array, nowMs: number) {
    this.#randomBytes = randomBytes;
    this.#secret = randomBytes(SECRET_BYTES);
    this.#rotatedMs = nowMs;
  }

  issue(address: NodeAddress, nowMs: number): Uint8Array {
    this.#rotate(nowMs);
    return tokenFor(this.#secret, address);
  }

  isValid(token: Uint8Array, address: NodeAddress, nowMs: number): boolean {
    this.#rotate(nowMs);
    if (equalBytes(token, tokenFor(this.#secret, address))) return true;
    return this.#previous !== undefined && equalBytes(token, tokenFor(this.#previous, address));
  }

  #rotate(nowMs: number): void {
    const age = nowMs - this.#rotatedMs;
    if (age < TOKEN_ROTATION_MS) return;
    // After a long sleep the secret before is as old as the sleep: not honoured.
    this.#previous = age < 2 * TOKEN_ROTATION_MS ? this.#secret : undefined;
    this.#secret = this.#randomBytes(SECRET_BYTES);
    this.#rotatedMs = nowMs;
  }
}

/** Bound to the IP, not the port: a NAT may change the port between two packets. */
function tokenFor(secret: Uint8Array, address: NodeAddress): Uint8Array {
  return sha512(concatBytes(secret, asciiBytes(address.host))).slice(0, TOKEN_BYTES);
}
