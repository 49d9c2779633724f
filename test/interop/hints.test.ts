/**
 * Address hints behind the release in a record's content: distributed-topic-tracker hands the record out, and rustpatcher's
 * own `PatchInfo` reads the release in front of them.
 */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { fromHex, toHex } from '../../src/core/base/hex.ts';
import { decodeContent } from '../../src/core/record/content.ts';
import { NO_HINTS, type AddressHints } from '../../src/core/record/hints.ts';
import { signRecord } from '../../src/core/record/record.ts';
import { MAX_SLOT_VALUE_BYTES, sealRecord, sealSecrets } from '../../src/core/record/seal.ts';
import { slotAt } from '../../src/core/record/slot.ts';
import { encodeRelease } from '../../src/core/release/release-encoding.ts';
import type { MainlineDht } from '../../src/io/dht/mainline.ts';
import { systemRandom } from '../../src/io/system/random.ts';
import { nodeKey, releaseOf, TOPIC } from '../support/record-samples.ts';
import { openClientOf, openNetwork, type Network } from './support/dht-networks.ts';
import { interopCase, type CaseRow } from './support/interop-case.ts';
import { startOracle, type Oracle } from './support/oracle.ts';
import { fieldsOf } from './support/release-fields.ts';
import { announceAt, discoverAt, openPublisher, type RustPublisher } from './support/slot-peers.ts';
import { RUSTPATCHERS } from './support/workspaces.ts';

const OURS = 2;
const RUST_READER = 9;

const ADDRESSES: readonly string[] = ['192.0.2.1:1', '[2001:db8::1]:65535', '198.51.100.7:4433', '[2001:db8::2]:443'];
const LARGEST: readonly string[] = [1, 2, 3, 4].map((n) => `[2001:db8::${n}]:65535`);
const RELAYS: readonly (string | undefined)[] = [
  undefined,
  'https://relay.example/',
  `https://relay.example/${'r'.repeat(128 - 'https://relay.example/'.length)}`,
];

/** Every number of addresses, with each relay; and the longest hints there are. */
const HINTS: readonly AddressHints[] = [
  ...RELAYS.flatMap((relayUrl) =>
    [0, 1, 2, 3, 4].map((count) => ({
      addresses: ADDRESSES.slice(0, count),
      ...(relayUrl !== undefined && { relayUrl }),
    })),
  ),
  { addresses: LARGEST, relayUrl: RELAYS[2] ?? '' },
];

let lastMinute = 29_500_000;
const nextMinute = (): number => (lastMinute += 10);

describe.each(RUSTPATCHERS)('rustpatcher %s', (version) => {
  let network: Network;
  let client: MainlineDht;
  let oracle: Oracle;
  let reader: RustPublisher;
  beforeAll(async () => {
    network = await openNetwork('ours');
    client = await openClientOf(network);
    oracle = startOracle(`rustpatcher-${version}`);
    reader = await openPublisher(oracle, RUST_READER);
  });
  afterAll(async () => {
    await oracle.close();
    await client.close();
    await network.stop();
  });
  const row: CaseRow = {
    case: 'address hints',
    direction: 'Rust ← ours',
    versions: `rustpatcher ${version}`,
  };

  interopCase(row, 'reads the release in front of every number of hints', async (count) => {
    const release = releaseOf('2147483647.0.1');
    for (const hints of HINTS) {
      const minute = nextMinute();
      await announceAt(client, { minute, node: OURS, release, hints });
      const [record, ...more] = await reader.records(minute);
      expect(more).toEqual([]);
      expect(record).toMatchObject({ node: toHex(nodeKey(OURS).publicKey), release: fieldsOf(release) });
      // What it hands out has the hints in it, byte for byte.
      expect(decodeContent(fromHex(record?.content ?? '')).hints).toEqual(hints);
      const [announcement] = await discoverAt(client, minute);
      expect(announcement?.peer).toEqual({ nodeId: nodeKey(OURS).publicKey, ...hints });
    }
    count(HINTS.length);
  });

  interopCase(row, 'reads the release in front of any bytes, up to the largest value of a slot', async (count) => {
    const release = releaseOf('1.0.0');
    const head = encodeRelease(release);
    const lengths = [head.length + 1, head.length + 300, MAX_SLOT_VALUE_BYTES - 284];
    for (const length of lengths) {
      const minute = nextMinute();
      const slot = slotAt(TOPIC, minute);
      const content = concatBytes(head, new Uint8Array(length - head.length).fill(0xff));
      const record = signRecord({ topicId: TOPIC.id, minute, content }, nodeKey(OURS));
      const value = await sealRecord(
        slot,
        record,
        sealSecrets((bytes) => systemRandom.bytes(bytes)),
      );
      for (const node of await client.get(slot.itemKey)) await node.put(0n, value);
      const [read] = await reader.records(minute);
      expect(read).toMatchObject({ content: toHex(content), release: fieldsOf(release) });
      const [announcement] = await discoverAt(client, minute);
      expect(announcement?.peer).toEqual({ nodeId: nodeKey(OURS).publicKey, ...NO_HINTS });
    }
    count(lengths.length);
  });
});
