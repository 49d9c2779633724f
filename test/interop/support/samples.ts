/**
 * Keys, versions, sizes and minutes that every case of the formats runs through. The same in every run.
 *
 * @module
 */
import { asciiBytes, u64le } from '../../../src/core/base/bytes.ts';
import { sha512 } from '../../../src/core/crypto/hash.ts';
import { ownerKeyFromSeed, type OwnerKey } from '../../../src/core/keys/owner-key.ts';

/** 32 bytes that look random. */
export function seedOf(label: string, index: number): Uint8Array {
  return sha512(asciiBytes(label), u64le(index)).slice(0, 32);
}

/** Any number of bytes that look random. */
export function bytesOf(label: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let offset = 0; offset < length; offset += 64) {
    bytes.set(sha512(asciiBytes(label), u64le(offset)).subarray(0, length - offset), offset);
  }
  return bytes;
}

export interface SampleOwner {
  readonly seed: Uint8Array;
  readonly key: OwnerKey;
}

/** Seeds of all kinds: those that look random, and the extremes. */
export const SAMPLE_OWNERS: readonly SampleOwner[] = [
  ...Array.from({ length: 22 }, (_, index) => seedOf('owner', index)),
  new Uint8Array(32),
  new Uint8Array(32).fill(0xff),
].map((seed) => ({ seed, key: ownerKeyFromSeed(seed) }));

const YEARS = Array.from({ length: 14 }, (_, index) => 2024 + index);

/** Where clocks and encodings may go wrong: the ends of years, leap days, byte borders, the largest number of ours. */
export const SAMPLE_MINUTES: readonly number[] = [
  ...[0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 48, Number.MAX_SAFE_INTEGER],
  ...YEARS.flatMap((year) => [-1, 0, 1].map((offset) => Date.UTC(year, 0, 1) / 60_000 + offset)),
  ...[2028, 2032].flatMap((year) => [-1, 0].map((offset) => Date.UTC(year, 1, 29) / 60_000 + offset)),
];
