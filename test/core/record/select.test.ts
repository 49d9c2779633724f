import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalBytes } from '../../../src/core/base/bytes.ts';
import { formatVersion, parseVersion } from '../../../src/core/release/version.ts';
import { selectNewest } from '../../../src/core/record/select.ts';
import { announcementOf, nodeKey, repeatableRandom } from '../../support/record-samples.ts';

type Given = [node: number, version: string, minute?: number];

const select = (given: Given[], above: string, blamed: number[] = []): { newest: string; candidates: string[] } => {
  const announcements = given.map(([node, version, minute]) => announcementOf(node, version, minute));
  const { newest, candidates } = selectNewest(announcements, {
    above: parseVersion(above),
    isBlamed: (nodeId) => blamed.some((node) => equalBytes(nodeKey(node).publicKey, nodeId)),
  });
  const nodeOf = (nodeId: Uint8Array): number =>
    given.map(([node]) => node).find((node) => equalBytes(nodeKey(node).publicKey, nodeId)) ?? -1;
  return {
    newest: formatVersion(newest),
    candidates: candidates.map(
      ({ nodeId, release, minute }) => `${nodeOf(nodeId)}@${formatVersion(release.version)}#${minute}`,
    ),
  };
};

describe('selectNewest', () => {
  const cases: [name: string, given: Given[], blamed: number[], newest: string, candidates: string[]][] = [
    ['nobody announces', [], [], '1.0.0', []],
    ['all announce what we have', [[1, '1.0.0']], [], '1.0.0', []],
    ['all announce something older', [[1, '0.9.9']], [], '1.0.0', []],
    ['one announces something newer', [[1, '1.0.1']], [], '1.0.1', ['1@1.0.1#1']],
    [
      'several versions: the newest comes first, the others after it',
      [
        [1, '1.1.0'],
        [2, '1.10.0'],
        [3, '1.9.0'],
        [4, '1.10.0'],
        [5, '0.1.0'],
      ],
      [],
      '1.10.0',
      ['2@1.10.0#1', '4@1.10.0#1', '3@1.9.0#1', '1@1.1.0#1'],
    ],
    [
      'one node in three slots is one candidate, with its newest version',
      [
        [1, '1.1.0', 7],
        [1, '1.2.0', 6],
        [1, '1.2.0', 8],
      ],
      [],
      '1.2.0',
      ['1@1.2.0#8'],
    ],
    [
      'a newer minute does not outweigh a newer version',
      [
        [1, '1.2.0', 6],
        [1, '1.1.0', 7],
      ],
      [],
      '1.2.0',
      ['1@1.2.0#6'],
    ],
    [
      'a blamed node still tells the newest version, but is not asked',
      [
        [1, '3.0.0'],
        [2, '2.0.0'],
      ],
      [1],
      '3.0.0',
      ['2@2.0.0#1'],
    ],
    ['all are blamed', [[1, '3.0.0']], [1], '3.0.0', []],
  ];
  it.each(cases)('%s', (_name, given, blamed, newest, candidates) => {
    expect(select(given, '1.0.0', blamed)).toEqual({ newest, candidates });
  });

  it('takes every version when there is nothing to be above: a first install', () => {
    const announcements = [announcementOf(1, '0.0.0'), announcementOf(2, '0.1.0')];
    const { newest, candidates } = selectNewest(announcements, {});
    expect(newest).toEqual(parseVersion('0.1.0'));
    expect(candidates.map(({ release }) => formatVersion(release.version))).toEqual(['0.1.0', '0.0.0']);
    expect(selectNewest([], { above: undefined })).toEqual({ newest: undefined, candidates: [] });
  });

  it('gives equals in any order, each about as often as the others', () => {
    const random = repeatableRandom(7);
    const announcements = [1, 2, 3].map((node) => announcementOf(node, '2.0.0'));
    const orders = new Map<string, number>();
    for (let run = 0; run < 600; run++) {
      const { candidates } = selectNewest(announcements, { above: parseVersion('1.0.0'), fraction: random.fraction });
      const order = candidates.map((candidate) => announcements.indexOf(candidate)).join('');
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(6);
    expect(Math.min(...orders.values())).toBeGreaterThan(60);
  });

  it('never loses or doubles a node when it shuffles, and keeps newer versions in front', () => {
    const version = fc.nat(4).map((minor) => `1.${minor}.0`);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), version)),
        fc.integer({ min: 1 }),
        (given, seed) => {
          const announcements = given.map(([node, text]) => announcementOf(node, text));
          const { candidates } = selectNewest(announcements, {
            above: parseVersion('1.1.0'),
            fraction: repeatableRandom(seed).fraction,
          });
          const newer = new Set(given.filter(([, text]) => text > '1.1.0').map(([node]) => node));
          expect(candidates.length).toBe(newer.size);
          const minors = candidates.map(({ release }) => release.version.minor);
          expect(minors).toEqual([...minors].sort((a, b) => b - a));
        },
      ),
      { numRuns: 30 },
    );
  });
});
