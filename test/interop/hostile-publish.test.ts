/**
 * What keeps a publisher of distributed-topic-tracker 0.2 from its slot, or ends who reads it, over a DHT: shown to be so, since
 * docs/spec/05-record.md says that we never do it. The publisher joins through the router names compiled into it.
 */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { MAX_INTEGER, MIN_INTEGER, type Bencoded } from '../../src/core/dht/bencode.ts';
import { parseIp } from '../../src/core/dht/address.ts';
import { parseHostPort } from '../../src/core/dht/host-port.ts';
import { signItem, type MutableItem } from '../../src/core/dht/item.ts';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { toHex } from '../../src/core/base/hex.ts';
import { slotAt } from '../../src/core/record/slot.ts';
import { initialSecret } from '../../src/core/record/topic.ts';
import { startPrivateDht } from '../../src/testing/private-dht.ts';
import { startBootstrapNode } from '../../src/tools/network/bootstrap-node.ts';
import { openClient } from '../support/dht-clients.ts';
import { latin1 } from '../support/dht-samples.ts';
import { releaseOf, STRANGER, TOPIC, valueOf } from '../support/record-samples.ts';
import { TRACKERS } from './support/hostile-crates.ts';
import { startScriptedNode, type Script, type ScriptedNode } from './support/hostile-scripted-node.ts';
import { answerPacket, bytesIn } from './support/hostile-wire.ts';
import { interopCase } from './support/interop-case.ts';
import { ROUTER } from './support/namespace.ts';
import { OraclePanic, OracleRefusal, startOracle, type Oracle } from './support/oracle.ts';

const PORT = 6881;
/** With the one behind the router's name as many as a walk asks, less one. */
const NODES = 18;
const IDENTITIES = 12;
/** Version 0.3 uses another slot: see hostile-records.test.ts for what it reads. */
const OLD_TRACKERS = TRACKERS.filter(({ checksLengths }) => !checksLengths);

describe.each(OLD_TRACKERS)('distributed-topic-tracker $version', ({ workspace, version, cap }) => {
  const versions = `distributed-topic-tracker ${version}`;
  const row = { case: 'hostile: what keeps a publisher from its slot', direction: 'Rust ← ours', versions } as const;
  let oracle: Oracle;
  let minute = 29_000_000;
  beforeAll(() => {
    oracle = startOracle(workspace);
  });
  afterAll(() => oracle.close());

  const openPublisher = (): Promise<number> =>
    oracle.ask('publisher-open', {
      topic: toHex(TOPIC.id),
      secret: toHex(initialSecret(TOPIC.id)),
      seed: toHex(new Uint8Array(32).fill(77)),
    });
  const publish = async (): Promise<unknown> => {
    const { hash, signature } = releaseOf('1.0.0');
    const release = { version: '1.0.0', size: '1000000', hash: toHex(hash), signature: toHex(signature) };
    return oracle.ask('publish', { publisher: await openPublisher(), minute, ...release });
  };
  const readSlot = async (): Promise<unknown[]> => oracle.ask('records', { publisher: await openPublisher(), minute });

  /** Runs with a single node in the DHT, which holds `item`; returns the seq and cas of every put it was sent. */
  async function withRouter(item: MutableItem | undefined, run: () => Promise<void>): Promise<string[]> {
    const puts: string[] = [];
    const script: Script = ({ method, packet, transaction }) => {
      const token = latin1('token');
      if (method === 'get') return answerPacket({ token, ...(item && fieldsOf(item)) }, transaction);
      if (method !== 'put') return undefined;
      const args = packet.get('a') as ReadonlyMap<string, Bencoded>;
      const [seq, cas] = ['seq', 'cas']
        .map((key) => args.get(key))
        .map((value) => (typeof value === 'bigint' ? value : '?'));
      puts.push(`seq ${seq} cas ${cas} salt ${toHex(bytesIn(args, 'salt') ?? token)}`);
      return answerPacket({}, transaction);
    };
    const router = await startScriptedNode(script, ROUTER, PORT);
    try {
      await run();
    } finally {
      await router.close();
    }
    return puts;
  }
  const heldItem = async (seq: bigint): Promise<MutableItem> =>
    signItem({ ...slotAt(TOPIC, minute).itemKey, seq, value: await valueOf({ node: 3, minute }) });

  interopCase(row, 'a value of three bytes ends who reads the slot, and who wants to publish in it', async (count) => {
    minute++;
    const short = signItem({ ...slotAt(TOPIC, minute).itemKey, seq: 0n, value: new Uint8Array(3) });
    const puts = await withRouter(short, async () => {
      await expect(readSlot()).rejects.toThrow(OraclePanic);
      await expect(publish()).rejects.toThrow(OraclePanic);
    });
    expect(puts).toEqual([]);
    count(2);
  });

  interopCase(
    row,
    'it puts one number above what it finds, also above the last, and demands that number of the node',
    async (count) => {
      const salt = (): string => toHex(slotAt(TOPIC, minute).itemKey.salt);
      for (const [held, seq] of [
        [undefined, 0n],
        [0n, 1n],
        [41n, 42n],
        [MAX_INTEGER - 1n, MAX_INTEGER],
        [MAX_INTEGER, MIN_INTEGER],
      ] as const) {
        minute++;
        const puts = await withRouter(held === undefined ? undefined : await heldItem(held), async () => {
          await publish();
        });
        expect(puts).toEqual([`seq ${seq} cas ${seq} salt ${salt()}`]);
        count(1);
      }
    },
    120_000,
  );

  interopCase(
    row,
    'a single record of another keeps it from every node that holds it',
    async (count) => {
      minute++;
      const dht = await startPrivateDht({ nodes: NODES, host: ROUTER });
      const router = await startBootstrapNode({ host: ROUTER, port: PORT, bootstrap: dht.bootstrap });
      // A walk in a small network need not meet every node: this one starts from each.
      const everyone = [`${ROUTER}:${PORT}`, ...dht.nodes.flatMap(({ addresses }) => addresses)];
      const client = await openClient(everyone, { host: ROUTER });
      try {
        const nodes = await client.get(slotAt(TOPIC, minute).itemKey);
        expect(nodes).toHaveLength(NODES + 1);
        // Nobody's owner signed it: what counts is that it is there.
        const value = await valueOf({ node: 10, minute, release: releaseOf('1.0.0', STRANGER) });
        for (const node of nodes) await node.put(0n, value);
        expect(await readSlot()).toHaveLength(1);
        await expect(publish()).rejects.toThrow(OracleRefusal);
        for (const { item } of await client.get(slotAt(TOPIC, minute).itemKey)) expect(item?.seq).toBe(0n);
        count(nodes.length);
      } finally {
        await client.close();
        await router.close();
        await dht.close();
      }
    },
    180_000,
  );

  const isFull = IDENTITIES >= cap;
  interopCase(
    row,
    `${IDENTITIES} records that anybody can make ${isFull ? 'keep it from putting at all' : 'do not keep it from putting'}`,
    async (count) => {
      minute++;
      const ids = Array.from({ length: IDENTITIES }, (_, n) => new Uint8Array(20).fill(n * 16));
      const addresses: Uint8Array[] = [];
      const nodes: ScriptedNode[] = [];
      let puts = 0;
      for (const [n, id] of ids.entries()) {
        const release = releaseOf('1.0.0', STRANGER);
        const value = await valueOf({ node: 10 + n, minute, release });
        const item = signItem({ ...slotAt(TOPIC, minute).itemKey, seq: 0n, value });
        const script: Script = ({ method, transaction }) => {
          if (method === 'put') puts++;
          // Each names all: the walk meets every one of them.
          const contacts = concatBytes(...addresses.map((address, at) => concatBytes(ids[at] ?? id, address)));
          const held = method === 'get' ? { token: latin1('token'), ...fieldsOf(item) } : {};
          return answerPacket({ id, ...(method !== 'put' && { nodes: contacts }), ...held }, transaction);
        };
        const node = await startScriptedNode(script, ROUTER, n === 0 ? PORT : 0);
        nodes.push(node);
        const { port } = parseHostPort(node.address);
        addresses.push(concatBytes(parseIp(ROUTER) ?? id, Uint8Array.of(port >> 8, port & 0xff)));
      }
      try {
        expect(await readSlot()).toHaveLength(IDENTITIES);
        await publish();
        expect(puts).toBe(isFull ? 0 : IDENTITIES);
        count(IDENTITIES + 1);
      } finally {
        await Promise.all(nodes.map((node) => node.close()));
      }
    },
    120_000,
  );
});

function fieldsOf(item: MutableItem): Record<'k' | 'seq' | 'sig' | 'v', Bencoded> {
  const value = item.encodedValue.subarray(item.encodedValue.indexOf(0x3a) + 1);
  return { k: item.publicKey, seq: item.seq, sig: item.signature, v: value };
}
