import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { createSearch, type Search } from '../../../src/core/delta/search.ts';
import { LOOK_AHEAD, pairOf } from '../../../src/core/delta/similarity.ts';
import { indexOf, noise } from '../../support/delta-samples.ts';

const searchIn = (base: Uint8Array, result: Uint8Array): Search =>
  createSearch({ ...pairOf(base, result), index: indexOf(base) }, { bytes: 0 });
const BASE = noise(200_000);

describe('search', () => {
  it('finds bytes that begin at one of the places of the index', () => {
    const search = searchIn(BASE, BASE.slice(8000));
    expect(search.find(0, 8000)).toBe(true);
    expect([search.baseAt, search.score]).toEqual([8000, LOOK_AHEAD]);
  });

  it('finds nothing where there is nothing, and forgets what it found before', () => {
    const search = searchIn(BASE, concatBytes(BASE.slice(8000, 8100), noise(100, 2)));
    expect(search.find(0, 0)).toBe(true);
    expect(search.find(100, 0)).toBe(false);
    expect([search.baseAt, search.score]).toEqual([-1, 0]);
  });

  it('takes the place that goes on alike for longer', () => {
    const base = concatBytes(BASE.slice(0, 64), noise(1000, 2), BASE.slice(0, 600), noise(1000, 3));
    const search = searchIn(base, BASE.slice(0, 600));
    search.find(0, 0);
    expect(search.baseAt).toBe(1064);
  });

  it('takes the near one of two that are hardly different', () => {
    const part = BASE.slice(0, 400);
    const base = concatBytes(part, noise(100_000, 2), part, Uint8Array.of(1, 2, 3));
    for (const expected of [0, 100_400]) {
      const search = searchIn(base, concatBytes(part, Uint8Array.of(1, 2, 3)));
      search.find(0, expected);
      expect(search.baseAt).toBe(expected);
    }
  });

  it('looks around the expected place when there are more than it can try', () => {
    const row = noise(64, 4);
    const base = concatBytes(...Array.from({ length: 900 }, (_, number) => concatBytes(row, noise(8, number))));
    for (const number of [0, 5, 450, 890]) {
      const search = searchIn(base, concatBytes(row, noise(8, number), row));
      search.find(0, number * 72 + 3);
      expect(search.baseAt).toBe(number * 72);
    }
  });
});
