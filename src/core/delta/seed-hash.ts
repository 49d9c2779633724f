/**
 * The hash under which 16 bytes of the old program are found again in the new one. Part of the encoder only: what a delta
 * means does not depend on it.
 *
 * @module
 */

/** Bytes that are hashed. Shorter ones find more and mean less. */
export const SEED_BYTES = 16;

/** 32 bits, as a signed number. `at + 16` must be inside. */
export function seedHash(view: DataView, at: number): number {
  let hash = Math.imul(view.getInt32(at, true), 0x9e3779b1);
  hash = Math.imul(hash ^ view.getInt32(at + 4, true), 0x85ebca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash ^ view.getInt32(at + 8, true), 0xc2b2ae35);
  hash = Math.imul(hash ^ view.getInt32(at + 12, true), 0x27d4eb2f);
  hash ^= hash >>> 13;
  return Math.imul(hash, 0x9e3779b1);
}

/** Whether the 16 bytes at both places are the same. */
export function sameSeed(a: DataView, aAt: number, b: DataView, bAt: number): boolean {
  return (
    a.getInt32(aAt, true) === b.getInt32(bAt, true) &&
    a.getInt32(aAt + 4, true) === b.getInt32(bAt + 4, true) &&
    a.getInt32(aAt + 8, true) === b.getInt32(bAt + 8, true) &&
    a.getInt32(aAt + 12, true) === b.getInt32(bAt + 12, true)
  );
}
