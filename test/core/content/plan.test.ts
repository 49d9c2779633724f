import { describe, expect, it } from 'vitest';
import { planFetch, shouldReadManifest, type KnownContent } from '../../../src/core/content/plan.ts';

const MB = 1_000_000;
const ROOT = new Uint8Array(32);
const delta = (sizeBytes: number): KnownContent['deltas'][number] => ({ sizeBytes, root: ROOT });

const known = (changes: Partial<KnownContent>): KnownContent => ({
  sizeBytes: 150 * MB,
  deltas: [],
  speaksV0: true,
  ...changes,
});

const cases: [name: string, known: Partial<KnownContent>, ways: string][] = [
  ['nothing is known but the size', {}, 'chunks whole'],
  ['a release without v0', { speaksV0: false }, 'chunks'],
  ['a small delta', { deltas: [delta(2000)] }, 'delta chunks whole'],
  [
    'a delta and few missing chunks',
    { deltas: [delta(200_000)], missing: { chunkBytes: 80_000, pageBytes: 5000 } },
    'chunks delta whole',
  ],
  [
    'a delta and many missing chunks',
    { deltas: [delta(4 * MB)], missing: { chunkBytes: 80 * MB, pageBytes: 160_000 } },
    'delta chunks whole',
  ],
  [
    'a delta that is here already, and one missing chunk',
    { deltas: [{ ...delta(4 * MB), isHere: true }], missing: { chunkBytes: 8192, pageBytes: 0 } },
    'delta chunks whole',
  ],
  ['a delta that is larger than everything else', { deltas: [delta(200 * MB)] }, 'chunks whole delta'],
  ['two deltas', { deltas: [delta(3 * MB), delta(2 * MB)] }, 'delta delta chunks whole'],
  ['chunks that do not shrink: the whole file has no pages', { compressionRatio: 1 }, 'whole chunks'],
  ['nothing is missing', { deltas: [delta(2000)], missing: { chunkBytes: 0, pageBytes: 0 } }, 'chunks delta whole'],
  [
    'all ways cost the same',
    { sizeBytes: 38, deltas: [delta(1)], missing: { chunkBytes: 0, pageBytes: 38 } },
    'delta chunks whole',
  ],
];

describe('plan', () => {
  it.each(cases)('%s', (_name, changes, ways) => {
    expect(
      planFetch(known(changes))
        .map(({ kind }) => kind)
        .join(' '),
    ).toBe(ways);
  });

  it('puts the smaller of two deltas first and says which one it is', () => {
    const [first] = planFetch(known({ deltas: [delta(3 * MB), { sizeBytes: MB, root: ROOT.with(0, 1) }] }));
    expect(first).toMatchObject({ kind: 'delta', sizeBytes: MB, root: ROOT.with(0, 1) });
  });

  it('counts the pages of a delta, and chunks as they cross the wire', () => {
    const ways = planFetch(known({ deltas: [delta(MB)], missing: { chunkBytes: 10 * MB, pageBytes: 1234 } }));
    expect(ways.map(({ kind, expectedBytes }) => [kind, expectedBytes])).toEqual([
      ['delta', MB + 8 * 37], // chunks of 128 KiB
      ['chunks', 3.3 * MB + 1234],
      ['whole', 150 * MB],
    ]);
  });

  it('expects the cheapest way never above any other', () => {
    for (const [, changes] of cases) {
      const costs = planFetch(known(changes)).map(({ expectedBytes }) => expectedBytes);
      expect(costs).toEqual(costs.toSorted((a, b) => a - b));
    }
  });

  const reads: [name: string, known: Partial<KnownContent>, isRead: boolean][] = [
    ['there is no delta', {}, true],
    ['a delta of two percent is there', { deltas: [delta(3 * MB)] }, false],
    ['a delta above two percent is there', { deltas: [delta(3 * MB + 1)] }, true],
    ['one of two deltas is small', { deltas: [delta(100 * MB), delta(2000)] }, false],
    [
      'a part is here, and a delta that costs more than the manifest',
      { deltas: [delta(150_001)], isBegun: true },
      true,
    ],
    ['a part is here, and a delta that costs less', { deltas: [delta(150_000)], isBegun: true }, false],
    [
      'a part is here, and a large delta as well',
      { deltas: [{ ...delta(40 * MB), isHere: true }], isBegun: true },
      false,
    ],
    ['it was read', { missing: { chunkBytes: 1, pageBytes: 0 } }, false],
  ];
  it.each(reads)('the manifest is read first or not: %s', (_name, changes, isRead) => {
    expect(shouldReadManifest(known(changes))).toBe(isRead);
  });
});
