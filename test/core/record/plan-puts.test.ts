import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOwn, planPuts, type Holding } from '../../../src/core/record/plan-puts.ts';
import { formatVersion, parseVersion, type Version } from '../../../src/core/release/version.ts';
import { announcementOf, nodeKey, repeatableRandom } from '../../support/record-samples.ts';

const OURS = 1;
const own = { nodeId: nodeKey(OURS).publicKey, version: parseVersion('1.0.0') };
const MAX_SEQ = 2n ** 63n - 1n;

const nothing: Holding = { seq: undefined, announcement: undefined };
const garbage = (seq: bigint): Holding => ({ seq, announcement: undefined });
const holds = (node: number, version = '1.0.0', seq = 5n): Holding => ({
  seq,
  announcement: announcementOf(node, version),
});
const times = (count: number, holding: Holding): Holding[] => Array<Holding>(count).fill(holding);
const plan = (holdings: Holding[], fraction = (): number => 0): string[] =>
  planPuts(holdings, own, fraction).map(({ node, seq }) => `${node}:${seq}`);

describe('planPuts, one storing node', () => {
  it.each<[name: string, holding: Holding, puts: string[]]>([
    ['nothing stored', nothing, ['0:0']],
    ['garbage', garbage(7n), ['0:8']],
    ['garbage with a negative number', garbage(-5n), ['0:0']],
    ['garbage with the number before the last', garbage(MAX_SEQ - 1n), [`0:${MAX_SEQ - 1n}`]],
    ['garbage with the last number', garbage(MAX_SEQ), [`0:${MAX_SEQ}`]],
    ["another node's older version", holds(2, '0.9.0'), ['0:6']],
    ['our own older version', holds(OURS, '0.9.0'), ['0:6']],
    ['our own version', holds(OURS), []],
    ["another node's newer version", holds(2, '1.0.1'), []],
    ['our own newer version', holds(OURS, '1.0.1'), []],
    ["another node's version equal to ours: we appear at least once", holds(2), ['0:6']],
  ])('%s', (_name, holding, puts) => {
    expect(plan([holding])).toEqual(puts);
  });
});

describe('planPuts, the fair share', () => {
  it.each<[name: string, holdings: Holding[], puts: number]>([
    ['no nodes', [], 0],
    ['an empty slot is ours, but for the farthest fifth', times(20, nothing), 16],
    ['one other publisher everywhere: half', times(20, holds(2)), 8],
    ['two others: a third', [...times(10, holds(2)), ...times(10, holds(3))], 5],
    ['we hold our half already', [...times(8, holds(2)), ...times(8, holds(OURS)), ...times(4, nothing)], 0],
    ['we hold less than our half', [...times(12, holds(2)), ...times(4, holds(OURS)), ...times(4, nothing)], 4],
    ['we hold more than our half: nothing is given back', [...times(3, holds(2)), ...times(17, holds(OURS))], 0],
    ['free nodes are enough', [...times(8, holds(2)), ...times(12, nothing)], 8],
    ['free nodes are all taken, also beyond the share', [...times(3, holds(2)), ...times(17, garbage(1n))], 13],
    ['newer versions do not count', [...times(8, holds(3, '2.0.0')), ...times(12, holds(2))], 4],
    ['only newer versions: nothing to do', times(20, holds(2, '2.0.0')), 0],
    ['more publishers than nodes: one of them gives way', [2, 3, 4, 5].map((node) => holds(node)), 1],
    ['more publishers than nodes, and we are there', [2, 3, 4, OURS].map((node) => holds(node)), 0],
  ])('%s', (_name, holdings, puts) => {
    expect(plan(holdings)).toHaveLength(puts);
  });

  it.each<[name: string, yieldsTo: string, holdings: Holding[], puts: number]>([
    ['a newer version that nobody has stated is one like ours', '', times(20, holds(2, '2.0.0')), 8],
    ['the newest that was stated keeps its places', '2.0.0', times(20, holds(2, '2.0.0')), 0],
    ['any other newer one does not', '2.0.0', [...times(10, holds(2, '2.0.0')), ...times(10, holds(3, '3.0.0'))], 3],
    ['many ids with a foreign version leave us a place', '', [2, 3, 4, 5].map((node) => holds(node, '9.0.0')), 1],
    ['our own version is announced beside them once', '', [holds(2, '9.0.0'), holds(OURS)], 0],
  ])('where statements tell what is newest: %s', (_name, yieldsTo, holdings, puts) => {
    const stated = { ...own, yieldsTo: (version: Version) => formatVersion(version) === yieldsTo };
    expect(planPuts(holdings, stated, () => 0)).toHaveLength(puts);
  });

  it.each<[found: number, ours: number]>([
    [1, 1],
    [4, 4],
    [5, 4],
    [10, 8],
    [20, 16],
    [25, 16], // farther ones, met on the way because they hold something
  ])('of %i nodes the closest %i are ours at most, whatever the others hold', (found, ours) => {
    for (const holding of [nothing, garbage(1n), holds(2, '0.9.0')]) {
      const nodes = planPuts(times(found, holding), own, () => 0).map(({ node }) => node);
      expect(nodes).toEqual(Array.from({ length: ours }, (_, node) => node));
    }
  });

  it('takes from the publisher that holds the most', () => {
    const holdings = [holds(2), holds(3), holds(3), holds(3), holds(4), holds(4)];
    expect(planPuts(holdings, own, () => 0).map(({ node }) => node)).toEqual([1]);
  });

  it('chooses by the given fraction, so that newcomers do not all displace the same one', () => {
    const holdings = [2, 3, 4, 5].map((node) => holds(node));
    const chosen = [0, 0.3, 0.6, 0.99].map((fraction) => planPuts(holdings, own, () => fraction)[0]?.node);
    expect(chosen).toEqual([0, 1, 2, 3]);
  });
});

it('never touches a newer version, never puts twice at a node, always appears, and comes to rest', () => {
  const holding = fc.oneof(
    fc.constant(nothing),
    fc.bigInt({ min: -(2n ** 63n), max: MAX_SEQ }).map(garbage),
    fc
      .tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom('0.9.0', '1.0.0', '1.0.1'))
      .map(([node, text]) => holds(node, text)),
  );
  fc.assert(
    fc.property(fc.array(holding, { maxLength: 20 }), fc.integer({ min: 1 }), (holdings, seed) => {
      const puts = planPuts(holdings, own, repeatableRandom(seed).fraction);
      expect(new Set(puts.map(({ node }) => node)).size).toBe(puts.length);
      const after = holdings.map((each, index) => (puts.some(({ node }) => node === index) ? holds(OURS) : each));
      const newer = holdings.filter((each) => each.announcement?.release.version.patch === 1);
      expect(after.filter((each) => each.announcement?.release.version.patch === 1)).toHaveLength(newer.length);
      const eligible = holdings.length - newer.length;
      if (eligible > 0) expect(after.some((each) => isOwn(each, own))).toBe(true);
      for (const { node, seq } of puts) {
        const stored = holdings[node]?.seq ?? -1n;
        expect(seq >= stored && seq >= 0n && (seq > stored || stored >= MAX_SEQ - 1n)).toBe(true);
        // The last number ends the announcing of readers that add one to it: never brought to where it is not.
        expect(seq < MAX_SEQ || stored === MAX_SEQ).toBe(true);
      }
      // A second look at what we made finds nothing to do: publishers do not fight.
      expect(planPuts(after, own, () => 0)).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

it.each<[name: string, holding: Holding, expected: boolean]>([
  ['nothing', nothing, false],
  ['garbage', garbage(1n), false],
  ['our record', holds(OURS), true],
  ['our record of another version', holds(OURS, '0.9.0'), false],
  ["another node's record of our version", holds(2), false],
])('isOwn: %s', (_name, holding, expected) => {
  expect(isOwn(holding, own)).toBe(expected);
});
