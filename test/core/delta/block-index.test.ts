import { describe, expect, it } from 'vitest';
import {
  bucketOf,
  bucketsOf,
  countPlaces,
  emptyIndex,
  enterPlaces,
  indexShape,
  sumPlaces,
  STEP_BYTES,
  tagOf,
} from '../../../src/core/delta/block-index.ts';
import { seedHash } from '../../../src/core/delta/seed-hash.ts';
import { viewOf } from '../../../src/core/delta/similarity.ts';
import { indexOf, noise } from '../../support/delta-samples.ts';

/** All places in the index, bucket by bucket. */
function placesOf(base: Uint8Array): number[][] {
  const index = indexOf(base);
  return Array.from({ length: bucketsOf(index) }, (_, bucket) =>
    [...index.entries.slice(index.starts[bucket], index.starts[bucket + 1])].map((entry) => entry >>> index.tagBits),
  );
}

describe('block index', () => {
  it('has each place once, under its hash, in ascending order', () => {
    const base = noise(10_003);
    const index = indexOf(base);
    const places = placesOf(base);
    expect(places.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1249 }, (_, place) => place));
    places.forEach((bucket, number) => {
      expect(bucket).toEqual(bucket.toSorted((a, b) => a - b));
      for (const place of bucket) expect(bucketOf(seedHash(viewOf(base), place * STEP_BYTES), index)).toBe(number);
    });
  });

  it('keeps bits of the hash beside the place', () => {
    const base = noise(1000);
    const index = indexOf(base);
    for (const entry of index.entries) {
      const hash = seedHash(viewOf(base), (entry >>> index.tagBits) * STEP_BYTES);
      expect(entry & (2 ** index.tagBits - 1)).toBe(tagOf(hash, index));
    }
  });

  it('does not depend on how many threads fill it', () => {
    const base = noise(50_000);
    const index = emptyIndex(base.length);
    const ranges = [0, 0.1, 0.5, 0.5, 1].map((part) => Math.floor(bucketsOf(index) * part));
    const parts = ranges.slice(1).map((to, number) => ({ from: ranges[number] ?? 0, to }));
    for (const part of parts) countPlaces(viewOf(base), index, part);
    sumPlaces(index);
    for (const part of parts.toReversed()) enterPlaces(viewOf(base), index, part);
    const whole = indexOf(base);
    expect(index.starts).toEqual(whole.starts);
    expect(index.entries).toEqual(whole.entries);
  });

  it('has of a run of one value the first place alone', () => {
    const base = noise(4096);
    base.fill(7, 800, 3200);
    const inRun = placesOf(base)
      .flat()
      .filter((place) => place * STEP_BYTES >= 800 && place * STEP_BYTES < 3184);
    expect(inRun).toEqual([100]);
  });

  it.each([
    [0, 0],
    [15, 0],
    [16, 1],
    [23, 1],
    [24, 2],
  ])('of %i bytes has %i places', (sizeBytes, places) => {
    expect(indexShape(sizeBytes).places).toBe(places);
    expect(placesOf(noise(sizeBytes)).flat()).toHaveLength(places);
  });

  it.each([2 ** 20, 150e6, 380e6, 2 ** 31 + 5, 2 ** 32 - 1])(
    'of %i bytes has room for each place in an entry',
    (sizeBytes) => {
      const { places, tagBits, bucketBits } = indexShape(sizeBytes);
      expect((places - 1) * 2 ** tagBits).toBeLessThan(2 ** 32);
      expect(places / 2 ** bucketBits).toBeLessThan(40);
    },
  );
});
