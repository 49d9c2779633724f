/**
 * What our DHT nodes and our announcer send while strangers feed them garbage: nothing that ends, stalls or misleads a Rust
 * node. Each packet is looked at, and read by the Rust crates.
 */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { toHex } from '../../src/core/base/hex.ts';
import type { BencodedDictionary } from '../../src/core/dht/bencode.ts';
import { encodeBencode } from '../../src/core/dht/bencode.ts';
import { encryptionSeed, type Slot } from '../../src/core/record/slot.ts';
import { latin1 } from '../support/dht-samples.ts';
import { nodeKey, TOPIC } from '../support/record-samples.ts';
import { MAINLINES, TRACKERS } from './support/hostile-crates.ts';
import { checkPackets, dictionaryIn, type Checked } from './support/hostile-rules.ts';
import { openHostileScene, OUR_RELEASE, type HostileScene } from './support/hostile-scene.ts';
import { startScriptedNode } from './support/hostile-scripted-node.ts';
import { bytesIn, openWire, outerOf } from './support/hostile-wire.ts';
import { interopCase } from './support/interop-case.ts';
import { OraclePanic, startOracle, type Oracle } from './support/oracle.ts';
import { fieldsOf } from './support/release-fields.ts';

let scene: HostileScene;
beforeAll(async () => {
  scene = await openHostileScene();
}, 300_000);
afterAll(() => scene.end());

const checked = (): readonly Checked[] => checkPackets(scene.packets, (port) => scene.isOurs(port));
const slotOf = (publicKey: Uint8Array | undefined): Slot | undefined =>
  scene.slots.find(({ itemKey }) => toHex(itemKey.publicKey) === toHex(publicKey ?? new Uint8Array()));
const secretOf = ({ minute }: Slot): string => toHex(encryptionSeed(TOPIC, minute));
const outer = ({ packet }: Checked): BencodedDictionary => outerOf(packet.bytes) ?? new Map();

/** Hex, of what our nodes have handed out. */
function valuesOfOurs(): Set<string> {
  const answers = checked().filter(({ kind }) => kind === 'answer');
  return new Set(answers.map((each) => toHex(bytesIn(dictionaryIn(outer(each), 'r'), 'v') ?? new Uint8Array())));
}

const row = { case: 'hostile: what we send when fed garbage', direction: 'ours' } as const;

describe.each(MAINLINES)('mainline $version', ({ workspace, version, transactionBytes }) => {
  const versions = `mainline ${version}`;
  let oracle: Oracle;
  beforeAll(() => {
    oracle = startOracle(workspace);
  });
  afterAll(() => oracle.close());
  const open = (server: 0 | 1, bootstrap: readonly string[]): Promise<{ dht: number; port: number }> =>
    oracle.ask('dht-open', { host: '0.0.0.0', port: 0, server, bootstrap, wait: 0 });

  interopCase(
    { ...row, versions },
    'a client walks among our nodes, and what it is given ends no reader',
    async (count) => {
      const { dht } = await open(0, scene.bootstrap);
      for (const slot of scene.slots) {
        const { publicKey, salt } = slot.itemKey;
        const items = await oracle.ask<{ value: string }[]>('dht-get', {
          dht,
          key: toHex(publicKey),
          salt: toHex(salt),
        });
        // Strangers that it met on its way give it anything.
        const given = valuesOfOurs();
        const ours = items.filter(({ value }) => given.has(value));
        expect(ours.length).toBeGreaterThan(0);
        for (const { value } of ours) await survives(oracle, slot, value);
        count(ours.length);
      }
      await oracle.ask('dht-contacts', { dht });
    },
  );

  interopCase({ ...row, versions }, 'a node reads every query of ours and answers it', async (count) => {
    const { port, dht } = await open(1, []);
    const wire = await openWire(transactionBytes);
    try {
      for (const each of distinct(checked().filter(({ kind }) => kind === 'query'))) {
        // The node's kind of transaction id: either kind goes out to every node that stays silent.
        const query = withTransaction(outer(each), latin1('q'.repeat(transactionBytes)));
        expect([each.method, (await wire.ask(port, query)).length]).toEqual([each.method, 1]);
        count(1);
      }
      await oracle.ask('dht-contacts', { dht });
    } finally {
      await wire.close();
    }
  });

  interopCase(
    { ...row, versions },
    'a client reads every answer of ours and takes who sent it for a node',
    async (count) => {
      const answers = distinct(checked().filter(({ kind }) => kind === 'answer'));
      expect(answers.length).toBeGreaterThan(20);
      await Promise.all(
        answers.map(async (each) => {
          const stranger = await startScriptedNode(({ transaction }) => withTransaction(outer(each), transaction));
          try {
            const { dht } = await open(0, [stranger.address]);
            const contacts = (): Promise<string[]> => oracle.ask('dht-contacts', { dht });
            await expect.poll(contacts, { timeout: 20_000 }).toContain(stranger.address);
            count(1);
          } finally {
            await stranger.close();
          }
        }),
      );
    },
  );
});

describe.each(TRACKERS)('distributed-topic-tracker $version', ({ workspace, version }) => {
  const versions = `distributed-topic-tracker ${version}`;
  let oracle: Oracle;
  beforeAll(() => {
    oracle = startOracle(workspace);
  });
  afterAll(() => oracle.close());

  interopCase(
    { ...row, versions },
    'every value we put is our record, every value we hand out ends no reader',
    async (count) => {
      const values = new Map<string, { readonly slot: Slot; readonly value: string; isOurs: boolean }>();
      for (const each of checked()) {
        const fields = dictionaryIn(outer(each), each.kind === 'query' ? 'a' : 'r');
        const slot = slotOf(bytesIn(fields, 'k'));
        const value = toHex(bytesIn(fields, 'v') ?? new Uint8Array());
        if (slot === undefined) continue;
        const known = values.get(value);
        if (known === undefined) values.set(value, { slot, value, isOurs: each.kind === 'query' });
        else known.isOurs ||= each.kind === 'query';
      }
      const ours = [...values.values()].filter(({ isOurs }) => isOurs);
      expect(ours.length).toBeGreaterThan(scene.slots.length);
      expect(ours.length).toBeLessThanOrEqual(scene.turns);
      expect(ours.length).toBeLessThan(values.size);
      const records = new Set<string>();
      for (const { slot, value, isOurs } of values.values()) {
        await survives(oracle, slot, value);
        if (!isOurs) continue;
        const record = await oracle.ask<string>('open-record', { value, encryptionSeed: secretOf(slot) });
        records.add(record);
        const minute = String(slot.minute);
        const { node } = await oracle.ask<{ node: string }>('verify-record', {
          record,
          topic: toHex(TOPIC.id),
          minute,
        });
        expect(node).toBe(toHex(nodeKey(40).publicKey));
        if (workspace === 'current') continue; // its signature type reads another encoding
        expect(await oracle.ask('record-info', { record })).toEqual(fieldsOf(OUR_RELEASE));
      }
      // Equal records count once, however often they are put: our node takes one place of those that a slot has.
      expect(records.size).toBe(scene.slots.length);
      count(values.size);
    },
  );
});

interopCase({ ...row, versions: 'all' }, 'no packet has a fault that some Rust node falls over', (count) => {
  const all = checked();
  const faults = all.flatMap(({ kind, method, faults, packet }) =>
    faults.map((fault) => `${kind} ${method} to ${packet.other}: ${fault}`),
  );
  expect(faults).toEqual([]);
  // The garbage must have reached every place it can come out of.
  for (const method of ['ping', 'find_node', 'get', 'put']) {
    expect(all.filter((each) => each.kind === 'query' && each.method === method).length).toBeGreaterThan(10);
    expect(all.filter((each) => each.kind === 'answer' && each.method === method).length).toBeGreaterThan(10);
  }
  const codes = new Set(all.map((each) => outer(each).get('e')).map((e) => (Array.isArray(e) ? String(e[0]) : '')));
  for (const code of ['203', '204', '301', '302']) expect(codes).toContain(code);
  count(all.length);
});

/** @throws when the crate panics at it; a refusal is fine */
async function survives(oracle: Oracle, slot: Slot, value: string): Promise<void> {
  await oracle.ask('open-record', { value, encryptionSeed: secretOf(slot) }).catch((error: unknown) => {
    if (error instanceof OraclePanic) throw error;
  });
}

function withTransaction(packet: BencodedDictionary, transaction: Uint8Array): Uint8Array {
  return encodeBencode(new Map(packet).set('t', transaction));
}

/** One of each shape: the same keys with values of the same kind and length. */
function distinct(packets: readonly Checked[]): Checked[] {
  const shapes = new Map<string, Checked>();
  for (const each of packets) {
    const map = outer(each);
    const fields = dictionaryIn(map, each.kind === 'query' ? 'a' : 'r');
    const entries = [...map, ...(fields ?? [])].filter(([key]) => key !== 't');
    const shape = entries.map(([key, value]) => `${key} ${value instanceof Uint8Array ? value.length : typeof value}`);
    shapes.set(`${each.method} ${shape.join(', ')}`, each);
  }
  return [...shapes.values()];
}
