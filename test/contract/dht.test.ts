/**
 * What every Dht must do, run against the memory network and against real nodes over UDP.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asciiBytes } from '../../src/core/base/bytes.ts';
import { ed25519Signer } from '../../src/core/crypto/ed25519.ts';
import { parseHostPort } from '../../src/core/dht/host-port.ts';
import { signItem, type ItemName } from '../../src/core/dht/item.ts';
import type { SignedItem } from '../../src/core/stamp/block.ts';
import { MainlineDht } from '../../src/io/dht/mainline.ts';
import { systemClock } from '../../src/io/system/clock.ts';
import { systemRandom } from '../../src/io/system/random.ts';
import type { Dht, ItemKey, StoringNode } from '../../src/ports/dht.ts';
import { MemoryDht } from '../../src/testing/memory-dht.ts';
import { startPrivateDht } from '../../src/testing/private-dht.ts';

interface TestNetwork {
  join(): Promise<Dht>;
  /** Afterwards nobody answers anybody. */
  shutDown(): Promise<void>;
}

const adapters: readonly [name: string, start: () => Promise<TestNetwork>][] = [
  [
    'in memory',
    () => {
      const network = new MemoryDht();
      return Promise.resolve({
        join: () => Promise.resolve(network.join()),
        shutDown: () => {
          network.setOnline(false);
          return Promise.resolve();
        },
      });
    },
  ],
  [
    'Mainline on loopback',
    async () => {
      const network = await startPrivateDht();
      return {
        join: () =>
          MainlineDht.open({
            bootstrap: network.bootstrap.map(parseHostPort),
            clock: systemClock,
            random: systemRandom,
            keepAlive: true,
          }),
        shutDown: () => network.close(),
      };
    },
  ],
];

describe.each(adapters)('a DHT %s', (_, start) => {
  let network: TestNetwork;
  const open: Dht[] = [];
  const join = async (): Promise<Dht> => {
    const dht = await network.join();
    open.push(dht);
    return dht;
  };

  beforeAll(async () => {
    network = await start();
  });
  afterAll(async () => {
    await Promise.all(open.map((dht) => dht.close()));
    await network.shutDown();
  });

  it('names the 20 closest nodes, without an item, for a slot nobody wrote', async () => {
    const nodes = await (await join()).get(itemKey());
    expect(nodes).toHaveLength(20);
    expect(nodes.every(({ item }) => item === undefined)).toBe(true);
    expect(new Set(nodes.map(({ address }) => address)).size).toBe(20);
    expect(nodes[0]?.address).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  it('gives every reader what one client stored', async () => {
    const key = itemKey();
    await storeAtAll(await (await join()).get(key), 5n, 'hello');
    const nodes = await (await join()).get(key);
    expect(valuesOf(nodes)).toEqual(['5 hello']);
    expect(nodes.every(({ item }) => item !== undefined)).toBe(true);
  });

  it('finds three different values of three publishers under one key', async () => {
    const key = itemKey();
    const publishers = await Promise.all([join(), join(), join()]);
    const seen = await Promise.all(publishers.map((dht) => dht.get(key)));
    // Each publisher stores at the nodes where the others do not.
    for (const [publisher, nodes] of seen.entries()) {
      const addresses = nodes.map(({ address }) => address).sort();
      const own = nodes.filter(({ address }) => addresses.indexOf(address) % 3 === publisher);
      await storeAtAll(own, 0n, `publisher ${publisher}`);
    }
    expect(valuesOf(await (await join()).get(key))).toEqual(['0 publisher 0', '0 publisher 1', '0 publisher 2']);
  });

  it('lets the last write win at equal seq, and shows it to who reads back', async () => {
    const key = itemKey();
    const dht = await join();
    const nodes = await dht.get(key);
    await storeAtAll(nodes, 1n, 'first');
    await storeAtAll(nodes, 1n, 'second');
    expect(valuesOf(await dht.get(key))).toEqual(['1 second']);
  });

  it('refuses a lower seq with DHT_PUT_REFUSED and keeps the newer value', async () => {
    const key = itemKey();
    const dht = await join();
    const [node] = await dht.get(key);
    await node?.put(7n, asciiBytes('newer'));
    await expect(node?.put(6n, asciiBytes('older'))).rejects.toMatchObject({ code: 'DHT_PUT_REFUSED' });
    expect(valuesOf(await dht.get(key))).toEqual(['7 newer']);
  });

  it('carries every 64-bit seq, up to the highest and down to the lowest', async () => {
    for (const seq of [-(2n ** 63n), -1n, 0n, 2n ** 63n - 1n]) {
      const key = itemKey();
      const dht = await join();
      const [node] = await dht.get(key);
      await node?.put(seq, asciiBytes('edge'));
      expect(valuesOf(await dht.get(key))).toEqual([`${seq} edge`]);
    }
  });

  it('stores 996 bytes and refuses to try 997', async () => {
    const key = itemKey();
    const [node] = await (await join()).get(key);
    await node?.put(1n, new Uint8Array(996).fill(0x61));
    await expect(node?.put(2n, new Uint8Array(997))).rejects.toBeInstanceOf(RangeError);
    const [stored] = (await (await join()).get(key)).filter(({ item }) => item !== undefined);
    expect(stored?.item?.value).toEqual(new Uint8Array(996).fill(0x61));
  });

  it('refuses an item that its own key did not sign', async () => {
    const key = { ...itemKey(), sign: () => new Uint8Array(64).fill(1) };
    const [node] = await (await join()).get(key);
    await expect(node?.put(1n, asciiBytes('forged'))).rejects.toMatchObject({ code: 'DHT_PUT_REFUSED' });
  });

  it('stores an item that was signed elsewhere as it is, of the largest size, and gives it to every reader', async () => {
    const key = itemKey(new Uint8Array(35).fill(0x70));
    const item = signedItem(key, 1_800_000_000n, new Uint8Array(996).fill(0x64));
    const nodes = await (await join()).getSigned(nameOf(key));
    expect(nodes.map((node) => node.item)).toEqual(Array.from({ length: 20 }, () => undefined));
    await Promise.all(nodes.map((node) => node.put(item)));
    const read = await (await join()).getSigned(nameOf(key));
    expect(read.map((node) => node.item)).toEqual(Array.from({ length: 20 }, () => item));
    expect(read.map(({ address }) => address).sort()).toEqual(nodes.map(({ address }) => address).sort());
    // The same item, seen by who has the key.
    expect((await (await join()).get(key))[0]?.item).toEqual({ seq: item.seq, value: item.value });
  });

  it('refuses a foreign item with another signature, of another name, and with a lower seq', async () => {
    const key = itemKey();
    const [node] = await (await join()).getSigned(nameOf(key));
    const item = signedItem(key, 7n, asciiBytes('newer'));
    await node?.put(item);
    const bad = [
      { ...item, signature: item.signature.with(0, (item.signature[0] ?? 0) ^ 1) },
      { ...item, seq: 8n },
      signedItem(itemKey(), 8n, asciiBytes('of another key')),
      signedItem({ ...key, salt: asciiBytes('another') }, 8n, asciiBytes('of another name')),
      signedItem(key, 6n, asciiBytes('older')),
    ];
    for (const each of bad) await expect(node?.put(each)).rejects.toMatchObject({ code: 'DHT_PUT_REFUSED' });
    const held = (await (await join()).getSigned(nameOf(key))).flatMap((each) => each.item ?? []);
    expect(held).toEqual([item]);
  });

  it('refuses to try a foreign item that no node would store', async () => {
    const key = itemKey();
    const [node] = await (await join()).getSigned(nameOf(key));
    const item = signedItem(key, 1n, asciiBytes('fits'));
    await expect(node?.put({ ...item, value: new Uint8Array(997) })).rejects.toBeInstanceOf(RangeError);
    await expect(node?.put({ ...item, seq: 2n ** 63n })).rejects.toBeInstanceOf(RangeError);
  });

  it('tells of each node of a foreign item while the walk goes on, and rejects with the reason of the signal', async () => {
    const early: string[] = [];
    const dht = await join();
    const name = nameOf(itemKey());
    const nodes = await dht.getSigned(name, { onNode: ({ address }) => early.push(address) });
    expect(early.sort()).toEqual(nodes.map(({ address }) => address).sort());
    const reason = new Error('changed my mind');
    await expect(dht.getSigned(name, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('tells of each node while the walk goes on', async () => {
    const early: StoringNode[] = [];
    const dht = await join();
    const walk = dht.get(itemKey(), { onNode: (node) => early.push(node) });
    const nodes = await walk;
    expect(early.map(({ address }) => address).sort()).toEqual(nodes.map(({ address }) => address).sort());
  });

  it('rejects with the reason of the signal', async () => {
    const reason = new Error('changed my mind');
    const dht = await join();
    await expect(dht.get(itemKey(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const walk = dht.get(itemKey(), { signal: controller.signal });
    controller.abort(reason);
    await expect(walk).rejects.toBe(reason);
  });

  it('rejects with CANCELLED once closed, and closes twice', async () => {
    const dht = await join();
    const [node] = await dht.get(itemKey());
    await dht.close();
    await dht.close();
    await expect(dht.get(itemKey())).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(dht.getSigned(nameOf(itemKey()))).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(node?.put(1n, asciiBytes('late'))).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('rejects with DHT_UNREACHABLE when nobody answers any more', async () => {
    const dht = await join();
    const key = itemKey();
    const [node] = await dht.get(key);
    await network.shutDown();
    await expect(dht.get(key)).rejects.toMatchObject({ code: 'DHT_UNREACHABLE' });
    await expect(dht.getSigned(nameOf(key))).rejects.toMatchObject({ code: 'DHT_UNREACHABLE' });
    await expect(node?.put(1n, asciiBytes('nobody'))).rejects.toMatchObject({ code: 'DHT_UNREACHABLE' });
  });
});

let keys = 0;

/** Another key each time: the tests share a network. */
function itemKey(salt: Uint8Array = asciiBytes('contract')): ItemKey {
  const signer = ed25519Signer(new Uint8Array(32).fill(++keys));
  return { publicKey: signer.publicKey, salt, sign: signer.sign };
}

/** What somebody without the secret key has. */
function nameOf({ publicKey, salt }: ItemKey): ItemName {
  return { publicKey, salt };
}

function signedItem(key: ItemKey, seq: bigint, value: Uint8Array): SignedItem {
  return { seq, signature: new Uint8Array(signItem({ ...key, seq, value }).signature), value };
}

async function storeAtAll(nodes: readonly StoringNode[], seq: bigint, text: string): Promise<void> {
  await Promise.all(nodes.map((node) => node.put(seq, asciiBytes(text))));
}

/** The distinct values, sorted. */
function valuesOf(nodes: readonly StoringNode[]): string[] {
  const texts = nodes.flatMap(({ item }) => (item ? [`${item.seq} ${new TextDecoder().decode(item.value)}`] : []));
  return [...new Set(texts)].sort();
}
