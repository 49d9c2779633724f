import { afterEach, describe, expect, it } from 'vitest';
import { asciiBytes } from '../../../src/core/base/bytes.ts';
import { MINUTE_MS } from '../../../src/core/base/units.ts';
import { itemTarget, signItem } from '../../../src/core/dht/item.ts';
import { decodeMessage } from '../../../src/core/dht/message-decode.ts';
import { encodeMessage } from '../../../src/core/dht/message.ts';
import { systemClock } from '../../../src/io/system/clock.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { startPrivateDht, type PrivateDht, type PrivateDhtOptions } from '../../../src/testing/private-dht.ts';
import { openClient, openRawSocket, testItemKey, valuesOf } from '../../support/dht-clients.ts';

describe('the Mainline DHT over UDP', () => {
  const closing: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(closing.splice(0).map((one) => one.close()));
  });
  const keep = <T extends { close(): Promise<void> }>(one: T): T => {
    closing.push(one);
    return one;
  };
  const network = async (options: PrivateDhtOptions = {}): Promise<PrivateDht> => keep(await startPrivateDht(options));
  const client = async (...args: Parameters<typeof openClient>) => keep(await openClient(...args));

  it('works with a network of a single node', async () => {
    const { bootstrap, nodes } = await network({ nodes: 1 });
    const key = testItemKey(1);
    const [node] = await (await client(bootstrap)).get(key);
    await node?.put(3n, asciiBytes('alone'));
    expect(valuesOf(await (await client(bootstrap)).get(key))).toEqual(['3 alone']);
    expect(nodes[0]?.storedItems).toBe(1);
  });

  it('works over IPv6', async () => {
    const { bootstrap } = await network({ nodes: 8, host: '::1' });
    expect(bootstrap[0]).toMatch(/^\[::1\]:\d+$/);
    const key = testItemKey(2);
    const nodes = await (await client(bootstrap)).get(key);
    expect(nodes).toHaveLength(8);
    await Promise.all(nodes.map((node) => node.put(1n, asciiBytes('six'))));
    const reader = await client(bootstrap);
    expect(reader.addresses).toEqual([expect.stringMatching(/^\[::\]:\d+$/)]);
    expect(valuesOf(await reader.get(key))).toEqual(['1 six']);
  });

  it('looks up in both families at once and gives the nodes of both', async () => {
    const four = await network({ nodes: 3 });
    const six = await network({ nodes: 3, host: '::1' });
    const key = testItemKey(3);
    const dht = await client([...four.bootstrap, ...six.bootstrap]);
    const nodes = await dht.get(key);
    expect(nodes.filter(({ address }) => address.startsWith('127.'))).toHaveLength(3);
    expect(nodes.filter(({ address }) => address.startsWith('['))).toHaveLength(3);
  });

  it('does not wait for a family in which nobody answers', async () => {
    const { bootstrap } = await network({ nodes: 3 });
    const silent = keep(await openRawSocket());
    const dht = await client([...bootstrap, `[::1]:${silent.port}`]);
    const startMs = performance.now();
    expect(await dht.get(testItemKey(4))).toHaveLength(3);
    expect(performance.now() - startMs).toBeLessThan(1500); // a query to the silent family takes 2000
  });

  it('waits a little for a family that is slower than the other', async () => {
    const { bootstrap } = await network({ nodes: 3, host: '::1' });
    const slow = keep(await openRawSocket());
    const dht = await client([...bootstrap, `127.0.0.1:${slow.port}`]);
    const get = dht.get(testItemKey(13));
    for (let packet = await slow.receive(500); packet !== undefined; packet = await slow.receive(500)) {
      const { transaction } = decodeMessage(packet.bytes);
      const { from } = packet;
      setTimeout(() => {
        slow.send(
          encodeMessage({ kind: 'answer', transaction, id: new Uint8Array(20).fill(9), readOnly: false }),
          from,
        );
      }, 100);
    }
    expect((await get).map(({ address }) => address)).toContain(`127.0.0.1:${slow.port}`);
  });

  it('finds its network by name, in whatever family the name has', async () => {
    const { bootstrap } = await network({ nodes: 3 });
    const errors: unknown[] = [];
    const port = bootstrap[0]?.split(':')[1] ?? '';
    const dht = await client([`node.example:${port}`], {
      resolve: (_, family) => (family === 'ipv4' ? Promise.resolve(['127.0.0.1']) : Promise.reject(new Error('none'))),
      onError: (error) => errors.push(error),
    });
    expect(await dht.get(testItemKey(5))).toHaveLength(3);
    expect(errors).toEqual([]);
  });

  it.each(['get', 'getSigned'] as const)('%s drops values that are not signed by the key asked for', async (look) => {
    const key = testItemKey(6);
    const other = testItemKey(7);
    const liar = keep(await openRawSocket());
    const dht = await client([`127.0.0.1:${liar.port}`]);
    const answers = dht[look](key);
    const signed = signItem({
      publicKey: other.publicKey,
      salt: key.salt,
      sign: (m) => other.sign(m),
      seq: 9n,
      value: asciiBytes('x'),
    });
    for (;;) {
      const packet = await liar.receive(1000);
      if (packet === undefined) break;
      const { transaction } = decodeMessage(packet.bytes);
      const item = { ...signed };
      liar.send(
        encodeMessage({
          kind: 'answer',
          transaction,
          id: new Uint8Array(20).fill(9),
          readOnly: false,
          item,
          nodes: [],
        }),
        packet.from,
      );
    }
    expect((await answers).map(({ item }) => item)).toEqual([undefined]);
  });

  it('drops an answer that comes from another port than the one asked', async () => {
    const asked = keep(await openRawSocket());
    const forger = keep(await openRawSocket());
    const dht = await client([`127.0.0.1:${asked.port}`]);
    const get = dht.get(testItemKey(8));
    const outcome = expect(get).rejects.toMatchObject({ code: 'DHT_UNREACHABLE' });
    for (let packet = await asked.receive(1000); packet !== undefined; packet = await asked.receive(1000)) {
      const { transaction } = decodeMessage(packet.bytes);
      forger.send(encodeMessage({ kind: 'answer', transaction, id: new Uint8Array(20), readOnly: false }), packet.from);
    }
    await outcome;
  });

  it('fetches another token when the one it has is old or no longer taken', async () => {
    let offsetMs = 0;
    const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + offsetMs };
    const { bootstrap } = await network({ nodes: 3, clock });
    const key = testItemKey(9);
    const oldTokens = await (await client(bootstrap)).get(key); // its own clock does not see them age
    const aged = await (await client(bootstrap, { clock })).get(key);
    offsetMs = 20 * MINUTE_MS;
    await oldTokens[0]?.put(1n, asciiBytes('refused, then taken'));
    await aged[1]?.put(1n, asciiBytes('refreshed first'));
    expect(valuesOf(await (await client(bootstrap)).get(key))).toEqual(['1 refreshed first', '1 refused, then taken']);
  });

  it('stores nothing at a node that answers puts with a failure, and says which', async () => {
    const node = keep(await openRawSocket());
    const dht = await client([`127.0.0.1:${node.port}`]);
    const stored = dht.get(testItemKey(10)).then(([found]) => found?.put(1n, asciiBytes('x')));
    const outcome = expect(stored).rejects.toMatchObject({
      code: 'DHT_PUT_REFUSED',
      message: expect.stringContaining('205 too big') as unknown,
    });
    for (let packet = await node.receive(1000); packet !== undefined; packet = await node.receive(1000)) {
      const message = decodeMessage(packet.bytes);
      if (message.kind !== 'query') continue;
      const { transaction } = message;
      const isPut = message.body.method === 'put';
      if (isPut) expect(message.body.target).toEqual(itemTarget(testItemKey(10).publicKey, asciiBytes('test')));
      const answer = {
        kind: 'answer',
        transaction,
        id: new Uint8Array(20).fill(5),
        readOnly: false,
        token: asciiBytes('t'),
      } as const;
      const failure = { kind: 'failure', transaction, code: 205, text: 'too big' } as const;
      node.send(encodeMessage(isPut ? failure : answer), packet.from);
    }
    await outcome;
  });

  it('comes back when its whole network went away and another stands in the same place', async () => {
    const first = await startPrivateDht({ nodes: 1 });
    const dht = await client(first.bootstrap);
    await dht.ready();
    await first.close();
    await expect(dht.get(testItemKey(11))).rejects.toMatchObject({ code: 'DHT_UNREACHABLE' });
    const port = Number(first.bootstrap[0]?.split(':')[1]);
    keep(await openClient([], { mode: 'node', host: '127.0.0.1', port }));
    expect(await dht.get(testItemKey(11))).toHaveLength(1);
  });

  it('says DHT_UNREACHABLE when ready meets nobody, and stops waiting on a signal', async () => {
    const silent = keep(await openRawSocket());
    const dht = await client([`127.0.0.1:${silent.port}`]);
    const reason = new Error('enough');
    const controller = new AbortController();
    const waiting = dht.ready(controller.signal);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(dht.ready()).rejects.toMatchObject({ code: 'DHT_UNREACHABLE' });
  });

  it('closes when its signal aborts', async () => {
    const { bootstrap } = await network({ nodes: 1 });
    const controller = new AbortController();
    const dht = await client(bootstrap, { signal: controller.signal });
    controller.abort();
    await expect(dht.get(testItemKey(12))).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it.each(['localhost', '', '1.2.3'])('does not listen on %j: OPTION_INVALID', async (host) => {
    await expect(openClient([], { host })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  it('says DHT_BIND_FAILED when its port is taken', async () => {
    const taken = keep(await openRawSocket());
    await expect(openClient([], { host: '127.0.0.1', port: taken.port })).rejects.toMatchObject({
      code: 'DHT_BIND_FAILED',
    });
  });
});
