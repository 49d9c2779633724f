/**
 * The 64 bytes that open a v0 transfer. Spec: docs/spec/09-transfer.md.
 *
 * offset  size  field
 *      0    64  SHA-512 of: owner's public key (32), minute u64 LE
 *
 * A hash of public values: it keeps strangers without the public key away and proves nothing else. Neither side may trust
 * the other because of it.
 *
 * @module
 */
import { u64le } from '../base/bytes.ts';
import { constantTimeEqual } from '../crypto/constant-time.ts';
import { sha512 } from '../crypto/hash.ts';
import type { PublicKey } from '../keys/public-key.ts';

export const AUTH_BYTES = 64;

/** @param minute minutes since 1970, the client's own */
export function transferAuth(owner: PublicKey, minute: number): Uint8Array {
  return sha512(owner, u64le(minute));
}

/** Whether `auth` belongs to the server's minute or the one before or after: clocks differ. */
export function isTransferAuth(owner: PublicKey, minute: number, auth: Uint8Array): boolean {
  const minutes = [minute - 1, minute, minute + 1].filter((candidate) => candidate >= 0);
  return minutes.some((candidate) => constantTimeEqual(auth, transferAuth(owner, candidate)));
}
