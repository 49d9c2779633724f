/**
 * Packets that end other implementations, sent to a real node over UDP. It must live on, and answer.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dictionary, encodeBencode, type Bencoded } from '../../../src/core/dht/bencode.ts';
import { decodeMessage } from '../../../src/core/dht/message-decode.ts';
import { encodeMessage } from '../../../src/core/dht/message.ts';
import { slotAt } from '../../../src/core/record/slot.ts';
import { systemRandom } from '../../../src/io/system/random.ts';
import { startPrivateDht, type PrivateDht } from '../../../src/testing/private-dht.ts';
import { openClient, openRawSocket, testItemKey, type RawSocket } from '../../support/dht-clients.ts';
import { latin1 } from '../../support/dht-samples.ts';
import { TOPIC, valueOf } from '../../support/record-samples.ts';

const ID = new Uint8Array(20).fill(1);
const query = (q: Bencoded, a: Record<string, Bencoded>): Uint8Array =>
  encodeBencode(dictionary({ t: latin1('aa'), y: latin1('q'), q, ro: 1n, a: dictionary({ id: ID, ...a }) }));
const PING = query(latin1('ping'), {});

const packets: readonly [name: string, packet: Uint8Array][] = [
  ['find_node with a number as target', query(latin1('find_node'), { target: 5n })],
  ['find_node with a short target', query(latin1('find_node'), { target: latin1('a') })],
  ['get with a number as target', query(latin1('get'), { target: 5n })],
  ['get_peers with a number as info_hash', query(latin1('get_peers'), { info_hash: 5n })],
  ['put with a number as token', query(latin1('put'), { token: 5n, v: latin1('x') })],
  ['put without token', query(latin1('put'), { v: latin1('x') })],
  ['a number as kind', encodeBencode(dictionary({ t: latin1('aa'), y: 5n, q: latin1('ping') }))],
  ['a list', encodeBencode([1n, 2n])],
  ['a dictionary as method', query(dictionary({ a: 1n }), {})],
  ['no transaction', encodeBencode(dictionary({ y: latin1('q'), q: latin1('ping'), a: dictionary({ id: ID }) }))],
  ['the empty string', latin1('0:')],
  ['thirty thousand lists', latin1('l'.repeat(30_000))],
  ['an empty packet', new Uint8Array()],
  ['the largest packet', new Uint8Array(65_000).fill(0x64)],
  [
    'an answer nobody asked for',
    encodeMessage({ kind: 'answer', transaction: latin1('aaaa'), id: ID, readOnly: false }),
  ],
  ['a failure nobody asked for', encodeMessage({ kind: 'failure', transaction: latin1('aaaa'), code: 203, text: '' })],
];

describe('a node on a hostile network', () => {
  let network: PrivateDht;
  let raw: RawSocket;
  beforeAll(async () => {
    network = await startPrivateDht({ nodes: 3 });
    raw = await openRawSocket();
  });
  afterAll(async () => {
    await raw.close();
    await network.close();
  });
  const node = (): string => network.bootstrap[0] ?? '';
  const isAlive = async (): Promise<boolean> => {
    const asking = await openRawSocket(); // a fresh port: the flooding one has used up its answers
    try {
      // A full receive buffer loses packets: that is the system, not the node.
      for (let attempt = 0; attempt < 5; attempt++) {
        asking.send(PING, node());
        const answer = await asking.receive(500);
        if (answer !== undefined) return decodeMessage(answer.bytes).kind === 'answer';
      }
      return false;
    } finally {
      await asking.close();
    }
  };

  it.each(packets)('drops %s and answers the next ping', async (_, packet) => {
    raw.send(packet, node());
    expect(await raw.receive(20)).toBeUndefined();
    expect(await isAlive()).toBe(true);
  });

  it('drops a put that has a signature and no key, although its token is good', async () => {
    raw.send(query(latin1('get'), { target: new Uint8Array(20).fill(9) }), node());
    const answer = await raw.receive(2000);
    const message = answer && decodeMessage(answer.bytes);
    const token = message?.kind === 'answer' ? message.token : undefined;
    expect(token).toBeDefined();
    const fields = { token: token ?? ID, v: latin1('x'), sig: new Uint8Array(64), seq: 1n };
    raw.send(query(latin1('put'), fields), node());
    expect(await raw.receive(50)).toBeUndefined();
    expect(await isAlive()).toBe(true);
  });

  it('keeps no value in a slot that ends the nodes which read it, and keeps such values elsewhere', async () => {
    const client = await openClient(network.bootstrap);
    try {
      const { itemKey } = slotAt(TOPIC, 29_000_000);
      const [inSlot] = await client.get(itemKey);
      await expect(inSlot?.put(0n, latin1('abc'))).rejects.toMatchObject({ code: 'DHT_PUT_REFUSED' });
      await inSlot?.put(0n, await valueOf({ node: 1, minute: 29_000_000 }));
      const [elsewhere] = await client.get(testItemKey(2));
      await elsewhere?.put(0n, latin1('abc'));
    } finally {
      await client.close();
    }
  });

  it('outlives 20 000 packets of noise and still serves its network', async () => {
    const valid = [PING, ...packets.map(([, packet]) => packet)];
    for (let n = 0; n < 20_000; n++) {
      const base = valid[n % valid.length] ?? PING;
      const noise = base.slice(0, 1400);
      for (let flips = 0; flips < 3 && noise.length > 0; flips++) {
        noise[Math.floor(systemRandom.fraction() * noise.length)] = Math.floor(systemRandom.fraction() * 256);
      }
      raw.send(noise, node());
      // The event loop must turn, or the system drops what it cannot hold.
      if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await isAlive()).toBe(true);
    const client = await openClient(network.bootstrap);
    try {
      expect(await client.get(testItemKey(1))).toHaveLength(3);
    } finally {
      await client.close();
    }
  });
});
