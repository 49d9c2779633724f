import { describe, expect, it } from 'vitest';
import { SEED_BYTES, sameSeed, seedHash } from '../../../src/core/delta/seed-hash.ts';
import { viewOf } from '../../../src/core/delta/similarity.ts';
import { noise } from '../../support/delta-samples.ts';

const BYTES = noise(64);

describe('hash of a seed', () => {
  it('is that of its bytes, wherever they are', () => {
    const moved = new Uint8Array(64);
    moved.set(BYTES.subarray(8, 24), 3);
    expect(seedHash(viewOf(moved), 3)).toBe(seedHash(viewOf(BYTES), 8));
    expect(sameSeed(viewOf(moved), 3, viewOf(BYTES), 8)).toBe(true);
  });

  it('depends on each of its bytes, and on no other', () => {
    const [hash, view] = [seedHash(viewOf(BYTES), 8), viewOf(BYTES)];
    for (let i = 0; i < BYTES.length; i++) {
      const changed = viewOf(BYTES.with(i, (BYTES[i] ?? 0) ^ 0x10));
      const isInside = i >= 8 && i < 8 + SEED_BYTES;
      expect(seedHash(changed, 8) !== hash).toBe(isInside);
      expect(sameSeed(changed, 8, view, 8)).toBe(!isInside);
    }
  });

  it('spreads small numbers over its top bits', () => {
    const seeds = Array.from({ length: 1000 }, (_, number) => {
      const seed = new Uint8Array(SEED_BYTES);
      new DataView(seed.buffer).setUint32(4, number, true);
      return seedHash(viewOf(seed), 0) >>> 22;
    });
    expect(new Set(seeds).size).toBeGreaterThan(550); // 1000 balls into 1024 boxes fill about 640
  });
});
