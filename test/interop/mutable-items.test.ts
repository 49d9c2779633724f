/**
 * Mutable items: the `mainline` crate's clients at our storing nodes, and our client at its nodes.
 */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { asciiBytes } from '../../src/core/base/bytes.ts';
import { fromHex, toHex } from '../../src/core/base/hex.ts';
import { itemTarget, signItem } from '../../src/core/dht/item.ts';
import type { MainlineDht } from '../../src/io/dht/mainline.ts';
import type { ItemKey } from '../../src/ports/dht.ts';
import { testItemKey, valuesOf } from '../support/dht-clients.ts';
import {
  MAINLINE_VERSIONS,
  MAINLINE_WORKSPACES,
  openClientOf,
  openNetwork,
  type Network,
} from './support/dht-networks.ts';
import { interopCase, type CaseRow } from './support/interop-case.ts';
import { openKrpcPeer } from './support/krpc-peer.ts';
import { OracleRefusal, startOracle, type Oracle } from './support/oracle.ts';

interface RustItem {
  readonly key: string;
  readonly seq: string;
  readonly value: string;
}

/** A client of the `mainline` crate. */
interface RustClient {
  put(
    seed: number,
    salt: string,
    options: { seq: number; value: Uint8Array; cas?: number; signature?: string },
  ): Promise<{
    readonly storedAt?: number;
  }>;
  get(key: ItemKey): Promise<readonly RustItem[]>;
}

async function openRustClient(oracle: Oracle, bootstrap: readonly string[]): Promise<RustClient> {
  const { dht } = await oracle.ask<{ dht: number }>('dht-open', { host: '0.0.0.0', port: 0, server: 0, bootstrap });
  return {
    put: (seed, salt, { seq, value, cas, signature }) =>
      oracle.ask('dht-put', {
        dht,
        seed: toHex(new Uint8Array(32).fill(seed)),
        salt: toHex(asciiBytes(salt)),
        seq: String(seq),
        value: toHex(value),
        ...(cas !== undefined && { cas: String(cas) }),
        ...(signature !== undefined && { signature }),
      }),
    get: ({ publicKey, salt }) => oracle.ask('dht-get', { dht, key: toHex(publicKey), salt: toHex(salt) }),
  };
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const readable = (items: readonly RustItem[]): string[] =>
  [...new Set(items.map(({ seq, value }) => `${seq} ${new TextDecoder().decode(fromHex(value))}`))].sort();

describe.each(MAINLINE_VERSIONS)('a client of mainline %s at our storing nodes', (version) => {
  let network: Network;
  let ours: MainlineDht;
  let oracle: Oracle;
  let rust: RustClient;
  beforeAll(async () => {
    network = await openNetwork('ours');
    ours = await openClientOf(network);
    oracle = startOracle(MAINLINE_WORKSPACES[version]);
    rust = await openRustClient(oracle, network.bootstrap);
  });
  afterAll(async () => {
    await oracle.close();
    await ours.close();
    await network.stop();
  });
  const row: CaseRow = { case: 'mutable items, our nodes', direction: 'both ways', versions: `mainline ${version}` };

  interopCase(row, 'reads what it put, and so do we', async (count) => {
    for (const [seed, salt] of [
      [31, 'pepper'],
      [32, ''],
    ] as const) {
      await rust.put(seed, salt, { seq: 5, value: text('from Rust') });
      const key = testItemKey(seed, salt);
      expect(readable(await rust.get(key))).toEqual(['5 from Rust']);
      expect(valuesOf(await ours.get(key))).toEqual(['5 from Rust']);
    }
    count(4);
  });

  interopCase(row, 'reads what we put', async () => {
    const key = testItemKey(33);
    for (const node of await ours.get(key)) await node.put(7n, text('from us'));
    expect(readable(await rust.get(key))).toEqual(['7 from us']);
  });

  interopCase(row, 'stores at many nodes of one private address, whatever their ids (BEP 42)', async () => {
    const { storedAt } = await rust.put(34, 'test', { seq: 1, value: text('everywhere') });
    const holding = (await ours.get(testItemKey(34))).filter(({ item }) => item !== undefined).length;
    // A node names eight others, and the crate's walk asks for no more: it misses a few of the twenty.
    expect(holding).toBeGreaterThanOrEqual(network.size / 2);
    if (storedAt !== undefined) expect(storedAt).toBe(holding);
  });

  interopCase(row, 'is told that its cas or its seq is not the right one', async (count) => {
    const seed = 35;
    for (const node of await ours.get(testItemKey(seed))) await node.put(5n, text('stored'));
    await expect(rust.put(seed, 'test', { seq: 6, value: text('x'), cas: 4 })).rejects.toThrow('CasFailed');
    await expect(rust.put(seed, 'test', { seq: 4, value: text('x') })).rejects.toThrow('NotMostRecent');
    await rust.put(seed, 'test', { seq: 6, value: text('right cas'), cas: 5 });
    expect(readable(await rust.get(testItemKey(seed)))).toContain('6 right cas');
    count(3);
  });

  interopCase(row, 'is refused what no node of ours stores: 997 bytes, a foreign signature', async (count) => {
    await rust.put(36, 'test', { seq: 1, value: new Uint8Array(996).fill(65) });
    expect(valuesOf(await ours.get(testItemKey(36)))).toEqual([`1 ${'A'.repeat(996)}`]);
    const tooLong = rust.put(37, 'test', { seq: 1, value: new Uint8Array(997).fill(65) });
    await expect(tooLong).rejects.toThrow(OracleRefusal);
    const forged = rust.put(38, 'test', { seq: 1, value: text('forged'), signature: '11'.repeat(64) });
    await expect(forged).rejects.toThrow(OracleRefusal);
    expect(valuesOf([...(await ours.get(testItemKey(37))), ...(await ours.get(testItemKey(38)))])).toEqual([]);
    count(3);
  });

  interopCase(row, 'is in none of our routing tables', async () => {
    // The port of every contact that our nodes name is one of theirs.
    const named = new Set<string>();
    const peer = await openKrpcPeer();
    try {
      for (const address of network.addresses) {
        for (const first of [0, 64, 128, 192]) {
          const answer = await peer.ask(address, { method: 'find_node', target: new Uint8Array(20).fill(first) }, 4);
          if (answer.kind === 'answer') answer.nodes?.forEach(({ address: { port } }) => named.add(String(port)));
        }
      }
    } finally {
      await peer.close();
    }
    const nodes = network.addresses.map((address) => address.split(':')[1]);
    expect([...named].filter((port) => !nodes.includes(port))).toEqual([]);
    // A node that is far from all four targets may be named by nobody.
    expect(named.size).toBeGreaterThan(nodes.length / 2);
  });
});

describe.each(MAINLINE_VERSIONS)('our client at nodes of mainline %s', (version) => {
  let network: Network;
  let ours: MainlineDht;
  let oracle: Oracle;
  let rust: RustClient;
  beforeAll(async () => {
    network = await openNetwork(`mainline ${version}`);
    ours = await openClientOf(network);
    oracle = startOracle(MAINLINE_WORKSPACES[version]);
    rust = await openRustClient(oracle, network.bootstrap);
  });
  afterAll(async () => {
    await oracle.close();
    await ours.close();
    await network.stop();
  });
  const row: CaseRow = {
    case: 'mutable items, nodes of mainline',
    direction: 'both ways',
    versions: `mainline ${version}`,
  };

  interopCase(row, 'puts at all of them what the crate reads, up to 996 bytes', async (count) => {
    const key = testItemKey(41);
    const nodes = await ours.get(key);
    expect(nodes.length).toBeGreaterThan(network.size / 2);
    const value = new Uint8Array(996).fill(66);
    for (const node of nodes) await node.put(3n, value);
    expect(valuesOf(await ours.get(key))).toEqual([`3 ${'B'.repeat(996)}`]);
    expect(readable(await rust.get(key))).toEqual([`3 ${'B'.repeat(996)}`]);
    count(nodes.length + 2);
  });

  interopCase(row, 'reads what the crate puts', async () => {
    await rust.put(42, 'test', { seq: 9, value: text('from Rust') });
    expect(valuesOf(await ours.get(testItemKey(42)))).toEqual(['9 from Rust']);
  });

  interopCase(
    row,
    'believes no item of another key, which nodes before version 8 store and hand out',
    async (count) => {
      const key = testItemKey(44);
      const target = itemTarget(key.publicKey, key.salt);
      const item = signItem({ ...testItemKey(98), salt: key.salt, seq: 8n, value: text('foreign') });
      const isOld = version !== '8.0.1';
      const idBytes = version === '5.4.0' ? 2 : 4;
      const peer = await openKrpcPeer();
      try {
        for (const address of network.addresses) {
          const answer = await peer.ask(address, { method: 'get', target }, idBytes);
          const token = (answer.kind === 'answer' ? answer.token : undefined) ?? new Uint8Array();
          const outcome = await peer.ask(address, { method: 'put', token, item, salt: key.salt, target }, idBytes);
          expect(outcome).toMatchObject(isOld ? { kind: 'answer' } : { kind: 'failure', code: 206 });
        }
      } finally {
        await peer.close();
      }
      expect(readable(await rust.get(key))).toEqual(isOld ? ['8 foreign'] : []);
      expect(valuesOf(await ours.get(key))).toEqual([]);
      count(network.size + 2);
    },
  );

  interopCase(row, 'learns from each node why it refuses', async () => {
    const [node] = await ours.get(testItemKey(43));
    await node?.put(5n, text('newer'));
    await expect(node?.put(4n, text('older'))).rejects.toThrow('302');
  });
});
