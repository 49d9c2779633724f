/**
 * Where the blocks of the old program are, by what is in them: 16 bytes at every eighth place.
 *
 * The places of one bucket lie side by side in ascending order, so that a search costs two looks into memory however many
 * places there are, and begins with the one that is nearest to where the search expects it. Bits of the hash that an entry
 * has room for are kept beside the place: they spare nearly all looks at bytes that are not the same.
 *
 * All arrays can lie in shared memory. Part of the encoder only: what a delta means does not depend on it.
 *
 * @module
 */
import { SEED_BYTES, seedHash } from './seed-hash.ts';

/** Distance of two places that are in the index. */
export const STEP_BYTES = 8;
/** Places that share a bucket, on average. */
const BUCKET_PLACES = 4;
const MAX_BUCKET_BITS = 24;
const MAX_TAG_BITS = 8;

/** What the numbers in the arrays mean: a function of the size alone. */
export interface IndexShape {
  /** Places that could be in the index; runs of one value are left out. */
  readonly places: number;
  readonly bucketBits: number;
  readonly tagBits: number;
}

export interface BlockIndex extends IndexShape {
  /** First entry of each bucket; one more at the end. */
  readonly starts: Uint32Array;
  /** (place / 8) << tagBits | tag. */
  readonly entries: Uint32Array;
}

export function indexShape(sizeBytes: number): IndexShape {
  const places = sizeBytes < SEED_BYTES ? 0 : Math.floor((sizeBytes - SEED_BYTES) / STEP_BYTES) + 1;
  const bucketBits = Math.min(MAX_BUCKET_BITS, Math.max(1, 32 - Math.clz32(places / BUCKET_PLACES)));
  const placeBits = 32 - Math.clz32(places);
  return { places, bucketBits, tagBits: Math.min(MAX_TAG_BITS, 32 - placeBits) };
}

/** An index without places, in memory that threads share. */
export function emptyIndex(sizeBytes: number): BlockIndex {
  const shape = indexShape(sizeBytes);
  const shared = (length: number): Uint32Array => new Uint32Array(new SharedArrayBuffer(length * 4));
  return { ...shape, starts: shared(bucketsOf(shape) + 1), entries: shared(shape.places) };
}

export function bucketsOf({ bucketBits }: IndexShape): number {
  return 2 ** bucketBits;
}

/** The bucket of a hash. */
export function bucketOf(hash: number, { bucketBits }: IndexShape): number {
  return hash >>> (32 - bucketBits);
}

/** Other bits of the hash than the bucket's. */
export function tagOf(hash: number, { tagBits }: IndexShape): number {
  return hash & ((1 << tagBits) - 1);
}

/** Buckets from `from` to `to`: what one of several threads fills. Each looks at the whole base, for its own buckets. */
export interface BucketRange {
  readonly from: number;
  readonly to: number;
}

/** First step: counts the places of each bucket into `starts`, which were zeros. */
export function countPlaces(base: DataView, index: BlockIndex, { from, to }: BucketRange): void {
  const { places, bucketBits, starts } = index;
  const shift = 32 - bucketBits;
  for (let place = 0; place < places; place++) {
    const at = place * STEP_BYTES;
    if (isInsideRun(base, at)) continue;
    const bucket = seedHash(base, at) >>> shift;
    if (bucket >= from && bucket < to) starts[bucket] = (starts[bucket] ?? 0) + 1;
  }
}

/** Second step: turns the counts of all buckets into the ends of their entries. */
export function sumPlaces({ starts }: BlockIndex): void {
  let end = 0;
  for (let bucket = 0; bucket < starts.length; bucket++) starts[bucket] = end += starts[bucket] ?? 0;
}

/** Third step: enters the places. Afterwards `starts` are the beginnings of the buckets. */
export function enterPlaces(base: DataView, index: BlockIndex, { from, to }: BucketRange): void {
  const { places, bucketBits, tagBits, starts, entries } = index;
  const shift = 32 - bucketBits;
  const mask = (1 << tagBits) - 1;
  // From the last place to the first: each bucket is filled from its end.
  for (let place = places - 1; place >= 0; place--) {
    const at = place * STEP_BYTES;
    if (isInsideRun(base, at)) continue;
    const hash = seedHash(base, at);
    const bucket = hash >>> shift;
    if (bucket < from || bucket >= to) continue;
    const slot = (starts[bucket] ?? 0) - 1;
    starts[bucket] = slot;
    entries[slot] = ((place << tagBits) | (hash & mask)) >>> 0;
  }
}

/** Runs of one 4-byte value would fill a single bucket with places that mean nothing. Their first place is kept. */
function isInsideRun(base: DataView, at: number): boolean {
  const word = base.getInt32(at, true);
  return (
    at >= 4 &&
    word === base.getInt32(at + 4, true) &&
    word === base.getInt32(at + 8, true) &&
    word === base.getInt32(at - 4, true)
  );
}
