import { afterEach, describe, expect, it } from 'vitest';
import { MINUTE_MS, SECOND_MS } from '../../../src/core/base/units.ts';
import { decodeMessage } from '../../../src/core/dht/message-decode.ts';
import type { MainlineDht } from '../../../src/io/dht/mainline.ts';
import { systemRandom } from '../../../src/io/system/random.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { openClient, openRawSocket, testItemKey } from '../../support/dht-clients.ts';

/** No jitter: waits are exactly as long as the middle of their range. */
const evenRandom = { ...systemRandom, fraction: () => 0.5 };

describe('an endpoint without its network', () => {
  const closing: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(closing.splice(0).map((one) => one.close()));
  });
  const keep = <T extends { close(): Promise<void> }>(one: T): T => {
    closing.push(one);
    return one;
  };

  it('resolves and asks its bootstrap names again after 5, 10, 20 seconds, and so on up to five minutes', async () => {
    const clock = new FakeClock();
    const silent = keep(await openRawSocket());
    const resolvedAt: number[] = [];
    keep(
      await openClient([`node.example:${silent.port}`], {
        clock,
        random: evenRandom,
        families: ['ipv4'],
        resolve: () => {
          resolvedAt.push(clock.monotonic());
          return Promise.resolve(['127.0.0.1']);
        },
      }),
    );
    while (clock.monotonic() < 30 * MINUTE_MS) await clock.advance(SECOND_MS);
    const pauses = resolvedAt.slice(1).map((at, index) => at - (resolvedAt[index] ?? 0));
    const retries = [5, 10, 20, 40, 80, 160, 300, 300, 300].map((seconds) => seconds * SECOND_MS);
    // Each pause holds the two seconds in which the query before it was not answered.
    expect(pauses.slice(0, retries.length).map((pause) => pause - 2000)).toEqual(retries);
  });

  it('joins by itself when the network appears', async () => {
    const clock = new FakeClock();
    const reserved = await openRawSocket();
    const dht: MainlineDht = keep(await openClient([`127.0.0.1:${reserved.port}`], { clock, random: evenRandom }));
    await clock.advance(2 * SECOND_MS);
    await expect(dht.ready()).rejects.toMatchObject({ code: 'DHT_UNREACHABLE' });
    await reserved.close();
    keep(await openClient([], { mode: 'node', host: '127.0.0.1', port: reserved.port }));
    await clock.advance(5 * SECOND_MS);
    await expect.poll(() => dht.contacts).toBe(1);
  });

  it('refreshes its table every fifteen minutes as a client and every five as a node', async () => {
    for (const [mode, minutes] of [
      ['client', 15],
      ['node', 5],
    ] as const) {
      const clock = new FakeClock();
      const peer = keep(await openClient([], { mode: 'node', host: '127.0.0.1' }));
      const dht = keep(await openClient(peer.addresses, { clock, random: evenRandom, mode, host: '127.0.0.1' }));
      await dht.ready();
      await peer.close();
      const listening = keep(await openRawSocket(Number(peer.addresses[0]?.split(':')[1])));
      const tooEarly = listening.receive(50);
      await clock.advance(minutes * MINUTE_MS - SECOND_MS);
      expect(await tooEarly).toBeUndefined();
      const inTime = listening.receive(5000);
      await clock.advance(2 * SECOND_MS);
      const packet = await inTime;
      expect(packet && decodeMessage(packet.bytes)).toMatchObject({ kind: 'query', body: { method: 'find_node' } });
    }
  });

  it('does not keep a look-up waiting that its caller has given up', async () => {
    const clock = new FakeClock();
    const silent = keep(await openRawSocket());
    const dht = keep(await openClient([`127.0.0.1:${silent.port}`], { clock }));
    const controller = new AbortController();
    const get = dht.get(testItemKey(1), { signal: controller.signal });
    await silent.receive(1000);
    controller.abort(new Error('given up'));
    await expect(get).rejects.toThrow('given up'); // although no time has passed
  });
});
