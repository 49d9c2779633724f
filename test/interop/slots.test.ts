/**
 * Slots: what one side announces the other side reads, on private DHTs of every kind of node, and what happens when both
 * announce in the same minute.
 */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { asciiBytes, u64le } from '../../src/core/base/bytes.ts';
import { toHex } from '../../src/core/base/hex.ts';
import { sha512Half } from '../../src/core/crypto/hash.ts';
import { openAnnouncement } from '../../src/core/record/open.ts';
import { NO_HINTS } from '../../src/core/record/hints.ts';
import { sealAnnouncement, sealSecrets } from '../../src/core/record/seal.ts';
import { slotAt, type Slot } from '../../src/core/record/slot.ts';
import type { SignedRelease } from '../../src/core/release/release.ts';
import type { MainlineDht } from '../../src/io/dht/mainline.ts';
import { systemRandom } from '../../src/io/system/random.ts';
import { sampleProgram } from '../../src/testing/sample-program.ts';
import { nodeKey, OWNER, releaseOf, TOPIC, V0 } from '../support/record-samples.ts';
import { useTempFolder } from '../support/temp-folder.ts';
import { isAvailable, openClientOf, openNetwork, type Network, type NetworkKind } from './support/dht-networks.ts';
import { interopCase, type CaseRow } from './support/interop-case.ts';
import { OracleRefusal, startOracle, type Oracle } from './support/oracle.ts';
import { fieldsOf, type ReleaseFields } from './support/release-fields.ts';
import { announceAt, discoverAt, openPublisher, type RustPublisher } from './support/slot-peers.ts';
import type { RustpatcherVersion } from './support/workspaces.ts';

/** Rust clients see nothing of nodes of `mainline` that read transaction ids of another length. */
const MEETINGS: readonly [kind: NetworkKind, versions: readonly RustpatcherVersion[]][] = [
  ['ours', ['0.2.0', '0.2.2']],
  ['mainline 5.4.0', ['0.2.0']],
  ['mainline 6.2.0', ['0.2.2']],
  ['mainline 8.0.1', ['0.2.2']],
  ['libtorrent', ['0.2.0', '0.2.2']],
  ['mixed', ['0.2.0', '0.2.2']],
];
const TRACKERS: Readonly<Record<RustpatcherVersion, string>> = { '0.2.0': '0.2.1', '0.2.2': '0.2.8' };

/** What `cas` does is the storing nodes' doing: one kind of each is enough. */
const CAS_MEASURED_ON: readonly NetworkKind[] = ['ours', 'mainline 5.4.0', 'mainline 6.2.0', 'libtorrent'];

/** Node numbers, as in `nodeKey`. */
const RUST = 1;
const OURS = 2;
const RUST_READER = 9;

let lastMinute = 29_000_000;
/** A minute of its own for each test, far from every other. */
const nextMinute = (): number => (lastMinute += 10);

for (const [kind, versions] of MEETINGS) {
  describe.skipIf(!isAvailable(kind))(`on a DHT of ${kind === 'ours' ? 'our' : kind} nodes`, () => {
    let network: Network;
    let client: MainlineDht;
    beforeAll(async () => {
      network = await openNetwork(kind);
      client = await openClientOf(network);
    });
    afterAll(async () => {
      await client.close();
      await network.stop();
    });

    describe.each(versions)('with rustpatcher %s', (version) => {
      const folder = useTempFolder();
      let oracle: Oracle;
      let publisher: RustPublisher;
      let reader: RustPublisher;
      beforeAll(async () => {
        oracle = startOracle(`rustpatcher-${version}`);
        publisher = await openPublisher(oracle, RUST);
        reader = await openPublisher(oracle, RUST_READER);
      });
      afterAll(() => oracle.close());

      const row = (direction: CaseRow['direction']): CaseRow => ({
        case: `slot, DHT of ${kind === 'ours' ? 'our' : kind} nodes`,
        direction,
        versions: `rustpatcher ${version}, distributed-topic-tracker ${TRACKERS[version]}`,
      });
      const rustReads = async (minute: number): Promise<readonly [node: string, release: ReleaseFields | null][]> =>
        sorted((await reader.records(minute)).map(({ node, release }) => [node, release]));
      const weRead = async (minute: number): Promise<readonly [node: string, release: ReleaseFields | null][]> =>
        sorted((await discoverAt(client, minute)).map(({ nodeId, release }) => [toHex(nodeId), fieldsOf(release)]));
      const entry = (node: number, named: string): [node: string, release: ReleaseFields] => [
        toHex(nodeKey(node).publicKey),
        fieldsOf(releaseOf(named)),
      ];

      interopCase(row('ours ← Rust'), 'a release that Rust signed and announced is found and accepted', async () => {
        const minute = nextMinute();
        const path = folder.join('program');
        writeFileSync(path, sampleProgram({ version: '1.2.3' }));
        const signed = await oracle.ask<ReleaseFields>('sign-program', { seed: V0.owner.seed, path });
        await publisher.publish(minute, signed);
        expect(await weRead(minute)).toEqual([[publisher.node, signed]]);
      });

      interopCase(row('Rust ← ours'), 'a release that we announce is read by rustpatcher field by field', async () => {
        const minute = nextMinute();
        const { storedAt } = await announceAt(client, { minute, node: OURS, release: releaseOf('4.5.6') });
        expect(storedAt).toBeGreaterThan(network.size / 2);
        expect(await rustReads(minute)).toEqual([entry(OURS, '4.5.6')]);
      });

      interopCase(
        row('both ways'),
        'a slot that Rust wrote first holds both, and both sides read both',
        async (count) => {
          const minute = nextMinute();
          await publisher.publish(minute, fieldsOf(releaseOf('1.0.0')));
          const { storedAt } = await announceAt(client, { minute, node: OURS, release: releaseOf('1.0.0') });
          expect(storedAt).toBeGreaterThan(0);
          expect(storedAt).toBeLessThanOrEqual(network.size / 2);
          const both = sorted([entry(RUST, '1.0.0'), entry(OURS, '1.0.0')]);
          expect(await weRead(minute)).toEqual(both);
          expect(await rustReads(minute)).toEqual(both);
          count(2 * both.length);
        },
      );

      interopCase(row('both ways'), 'our newer version takes the place of the older one of Rust', async (count) => {
        const minute = nextMinute();
        await publisher.publish(minute, fieldsOf(releaseOf('1.0.0')));
        const { storedAt } = await announceAt(client, { minute, node: OURS, release: releaseOf('2.0.0') });
        expect(storedAt).toBeGreaterThan(network.size / 2);
        expect(await weRead(minute)).toContainEqual(entry(OURS, '2.0.0'));
        expect(await rustReads(minute)).toContainEqual(entry(OURS, '2.0.0'));
        count(3);
      });

      interopCase(row('both ways'), 'our older version leaves the newer one of Rust alone', async (count) => {
        const minute = nextMinute();
        await publisher.publish(minute, fieldsOf(releaseOf('2.0.0')));
        const { storedAt } = await announceAt(client, { minute, node: OURS, release: releaseOf('1.0.0') });
        // Only where Rust left nothing: its walks miss a few nodes.
        expect(storedAt).toBeLessThan(network.size / 2);
        expect(await weRead(minute)).toContainEqual(entry(RUST, '2.0.0'));
        expect(await rustReads(minute)).toContainEqual(entry(RUST, '2.0.0'));
        count(3);
      });

      // Each takes three attempts of the tracker's, a quarter of a minute in all.
      if (!CAS_MEASURED_ON.includes(kind)) return;

      interopCase(row('both ways'), 'Rust has a place beside us, though it reports failure', async (count) => {
        const minute = nextMinute();
        await announceAt(client, { minute, node: OURS, release: releaseOf('1.0.0') });
        const late = publisher.publish(minute, fieldsOf(releaseOf('2.0.0')));
        await expect(late).rejects.toThrow(OracleRefusal);
        const both = sorted([entry(RUST, '2.0.0'), entry(OURS, '1.0.0')]);
        expect(await weRead(minute)).toEqual(both);
        expect(await rustReads(minute)).toEqual(both);
        count(2 * both.length);
      });

      interopCase(row('both ways'), 'a slot without a free node is closed to Rust', async () => {
        const minute = nextMinute();
        const { slot, value } = await sealedAt(minute, releaseOf('1.0.0'));
        for (const node of await client.get(slot.itemKey)) await node.put(0n, value);
        const late = publisher.publish(minute, fieldsOf(releaseOf('2.0.0')));
        await expect(late).rejects.toThrow(OracleRefusal);
        expect(await weRead(minute)).toEqual([entry(OURS, '1.0.0')]);
      });
    });
  });
}

describe('distributed-topic-tracker 0.3.5 on a DHT of our nodes', () => {
  let network: Network;
  let client: MainlineDht;
  let oracle: Oracle;
  beforeAll(async () => {
    network = await openNetwork('ours');
    client = await openClientOf(network);
    oracle = startOracle('current');
  });
  afterAll(async () => {
    await oracle.close();
    await client.close();
    await network.stop();
  });
  const row: CaseRow = {
    case: 'slot, other salt',
    direction: 'both ways',
    versions: 'distributed-topic-tracker 0.3.5',
  };

  interopCase(row, 'does not see what we announce, and sees what it publishes itself', async (count) => {
    const minute = nextMinute();
    const [publisher, reader] = [await openPublisher(oracle, RUST), await openPublisher(oracle, RUST_READER)];
    await announceAt(client, { minute, node: OURS, release: releaseOf('1.0.0') });
    expect(await reader.records(minute)).toEqual([]);
    await publisher.publish(minute, fieldsOf(releaseOf('1.0.0')));
    expect((await reader.records(minute)).map(({ node }) => node)).toEqual([publisher.node]);
    expect((await discoverAt(client, minute)).map(({ nodeId }) => toHex(nodeId))).toEqual([
      toHex(nodeKey(OURS).publicKey),
    ]);
    count(3);
  });

  interopCase(row, 'differs in nothing but the salt and the sequence number', async (count) => {
    const minute = nextMinute();
    const release = releaseOf('1.0.0');
    await (await openPublisher(oracle, RUST)).publish(minute, fieldsOf(release));
    const slot = slotAt(TOPIC, minute);
    const salt = sha512Half(asciiBytes('salt'), TOPIC.id, u64le(minute));
    const items = (await client.get({ ...slot.itemKey, salt })).flatMap(({ item }) => item ?? []);
    for (const { seq, value } of items) {
      expect(seq).toBe(2n ** 63n - 1n);
      // Its signature type writes a length in front of the signature: the other form of docs/spec/05-record.md.
      const announcement = await openAnnouncement({ slot, owner: OWNER.publicKey, value });
      expect(fieldsOf(announcement.release)).toEqual(fieldsOf(release));
    }
    count(items.length);
  });
});

/** Our value for a slot, to be put at chosen nodes. */
async function sealedAt(minute: number, release: SignedRelease): Promise<{ slot: Slot; value: Uint8Array }> {
  const slot = slotAt(TOPIC, minute);
  const secrets = sealSecrets((length) => systemRandom.bytes(length));
  const value = await sealAnnouncement({ slot, release, hints: NO_HINTS, nodeKey: nodeKey(OURS), secrets });
  return { slot, value };
}

function sorted<T>(entries: readonly (readonly [node: string, release: T])[]): [node: string, release: T][] {
  return entries.map(([node, release]): [string, T] => [node, release]).sort(([a], [b]) => (a < b ? -1 : 1));
}
