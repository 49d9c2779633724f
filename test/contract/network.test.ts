/**
 * What every implementation of the Network port does: the one in memory and iroh over loopback.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { PeerpatchError } from '../../src/core/base/errors.ts';
import { openIroh } from '../../src/io/net/iroh.ts';
import { loadIroh } from '../../src/io/net/iroh-addon.ts';
import type { Connection, Network, Stream } from '../../src/ports/network.ts';
import { MemoryNetwork } from '../../src/testing/memory-network.ts';

const ALPN = '/test/contract/v0';
const hub = new MemoryNetwork();
const implementations: [name: string, join: () => Promise<Network>][] = [
  ['memory', () => Promise.resolve(hub.join(randomBytes(32)))],
  [
    'iroh',
    () => openIroh({ addon: loadIroh(), seed: randomBytes(32), relay: 'none', bind: ['127.0.0.1:0', '[::1]:0'] }),
  ],
];

describe.each(implementations)('network: %s', (_name, join) => {
  const networks: Network[] = [];
  afterEach(async () => {
    await Promise.all(networks.splice(0).map((network) => network.close()));
  });

  const joinForTest = async (): Promise<Network> => {
    const network = await join();
    networks.push(network);
    return network;
  };

  /** Two nodes, one connection between them. */
  const connected = async () => {
    const [client, server] = [await joinForTest(), await joinForTest()];
    const accepted = new Promise<Connection>((resolve) => {
      server.listen(ALPN, resolve);
    });
    const dialed = await client.connect(server.address(), ALPN);
    return { client, server, dialed, accepted: await accepted };
  };

  /** Two ends of one stream that has carried one byte. */
  const streams = async () => {
    const both = await connected();
    const near = await both.dialed.openStream();
    await near.write(Uint8Array.of(1));
    const far = await both.accepted.acceptStream();
    expect(await far.read(10)).toEqual(Uint8Array.of(1));
    return { ...both, near, far };
  };

  it('each side knows the other by its key', async () => {
    const { client, server, dialed, accepted } = await connected();
    expect(dialed.remoteId).toEqual(server.nodeId);
    expect(accepted.remoteId).toEqual(client.nodeId);
    expect(server.address().nodeId).toEqual(server.nodeId);
  });

  it('has the id that belongs to the seed, so an address survives a restart', async () => {
    const seed = randomBytes(32);
    const again =
      _name === 'memory'
        ? () => Promise.resolve(hub.join(seed))
        : () => openIroh({ addon: loadIroh(), seed, relay: 'none' });
    const first = await again();
    const { nodeId } = first;
    await first.close();
    const second = await again();
    expect(second.nodeId).toEqual(nodeId);
    await second.close();
  });

  it('carries bytes both ways, in order, until each side has finished', async () => {
    const { near, far } = await streams();
    const sent = new Uint8Array(randomBytes(700_000));
    const echo = (async () => {
      for (;;) {
        const bytes = await far.read(50_000);
        if (bytes === undefined) break;
        await far.write(bytes);
      }
      await far.finish();
    })();
    const back = readAll(near);
    await near.write(sent);
    await near.finish();
    await echo;
    expect(Buffer.from(await back).equals(sent)).toBe(true);
  });

  it('never reads more than asked for, and at least one byte', async () => {
    const { near, far } = await streams();
    await near.write(Uint8Array.of(1, 2, 3, 4, 5));
    await near.finish();
    const lengths: number[] = [];
    for (let bytes = await far.read(2); bytes !== undefined; bytes = await far.read(2)) lengths.push(bytes.length);
    expect(lengths.every((length) => length >= 1 && length <= 2)).toBe(true);
    expect(lengths.reduce((sum, length) => sum + length)).toBe(5);
  });

  it('goes on saying that a stream has ended', async () => {
    const { near, far } = await streams();
    await near.finish();
    expect(await far.read(10)).toBeUndefined();
    expect(await far.read(10)).toBeUndefined();
  });

  it('tells when the other side has everything', async () => {
    const { near, far } = await streams();
    const reading = readAll(far);
    await near.write(new Uint8Array(2_000_000));
    await near.finish();
    await near.delivered();
    expect((await reading).length).toBe(2_000_000);
  });

  it('what does not arrive is not told as delivered: it waits, no longer than its signal and the connection', async () => {
    const { near, accepted } = await streams();
    const stop = new AbortController();
    const waiting = near.delivered(stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    const lost = near.delivered();
    accepted.close(0, 'bye');
    await expectUnreachable(lost);
  });

  it('slows the writer down when the reader does not read', async () => {
    const { near } = await streams();
    const piece = new Uint8Array(256 * 1024);
    let written = 0;
    const stop = new AbortController();
    const writing = (async () => {
      for (;;) {
        await near.write(piece, stop.signal);
        written += piece.length;
      }
    })();
    // Wait until a whole round of the event loop's timers brings no progress any more.
    for (let before = -1; before !== written;) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(written).toBeLessThan(32 * 1024 * 1024);
    stop.abort(new Error('enough'));
    await expect(writing).rejects.toThrow('enough');
  });

  it('an aborted read loses nothing: the next one gets the bytes', async () => {
    const { near, far } = await streams();
    const stop = new AbortController();
    const aborted = far.read(10, stop.signal);
    stop.abort(new Error('not now'));
    await expect(aborted).rejects.toThrow('not now');
    await near.write(Uint8Array.of(7, 8));
    await near.finish();
    expect(await readAll(far)).toEqual(Uint8Array.of(7, 8));
  });

  it('an aborted accept loses no stream: the next one gets it', async () => {
    const { dialed, accepted } = await connected();
    const stop = new AbortController();
    const aborted = accepted.acceptStream(stop.signal);
    stop.abort(new Error('not now'));
    await expect(aborted).rejects.toThrow('not now');
    const near = await dialed.openStream();
    await near.write(Uint8Array.of(3));
    const far = await accepted.acceptStream();
    expect(await far.read(1)).toEqual(Uint8Array.of(3));
  });

  it('does nothing for a signal that was aborted before', async () => {
    const { client, server, dialed, near } = await streams();
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(near.read(1, signal)).rejects.toThrow('too late');
    await expect(near.write(Uint8Array.of(1), signal)).rejects.toThrow('too late');
    await expect(dialed.openStream(signal)).rejects.toThrow('too late');
    await expect(dialed.acceptStream(signal)).rejects.toThrow('too late');
    await expect(client.connect(server.address(), ALPN, signal)).rejects.toThrow('too late');
  });

  it('tells both sides that a connection was closed, from either side', async () => {
    for (const side of ['dialed', 'accepted'] as const) {
      const { client, server, ...both } = await connected();
      both[side].close(0, 'done');
      both[side].close(1, 'again');
      await both.dialed.closed;
      await both.accepted.closed;
      await Promise.all([client.close(), server.close()]);
    }
  });

  it('a closed connection fails every method with PEER_UNREACHABLE, on both sides, every time', async () => {
    const { dialed, accepted, near, far } = await streams();
    const reading = far.read(1);
    dialed.close(7, 'bye');
    await expectUnreachable(reading);
    await accepted.closed;
    for (const stream of [near, far]) {
      await expectUnreachable(stream.read(1));
      await expectUnreachable(stream.read(1));
      await expectUnreachable(stream.write(Uint8Array.of(1)));
    }
    for (const connection of [dialed, accepted]) {
      await expectUnreachable(connection.openStream());
      await expectUnreachable(connection.acceptStream());
    }
  });

  it('says what the other side closed with', async () => {
    const { dialed, far } = await streams();
    const reading = far.read(1);
    dialed.close(0, 'auth failed');
    await expect(reading).rejects.toThrow(/auth failed/);
  });

  it('a node that closes takes its connections with it', async () => {
    const { server, dialed, near } = await streams();
    await server.close();
    await server.close();
    await dialed.closed;
    await expectUnreachable(near.read(1));
  });

  it('refuses another protocol, its own address, and a node that is gone', { timeout: 60_000 }, async () => {
    const { client, server } = await connected();
    await expectUnreachable(client.connect(server.address(), '/test/other/v0'));
    await expectUnreachable(server.connect(server.address(), ALPN));
    const gone = await joinForTest();
    const address = gone.address();
    gone.listen(ALPN, () => undefined);
    await gone.close();
    const outcome = client.connect(address, ALPN, AbortSignal.timeout(2000));
    await outcome.then(
      () => expect.fail('connected to a closed node'),
      (error: unknown) => {
        if ((error as Error).name !== 'TimeoutError') expect(error).toBeInstanceOf(PeerpatchError);
      },
    );
  });

  it('a failed attempt does not end the listening', async () => {
    const { client, server } = await connected();
    await expectUnreachable(client.connect(server.address(), '/test/other/v0'));
    const again = await client.connect(server.address(), ALPN);
    again.close(0, '');
  });

  it('serves several protocols at once, each with its own listener, one listener each', async () => {
    const [client, server] = [await joinForTest(), await joinForTest()];
    const seen: string[] = [];
    for (const alpn of ['/test/a/v0', '/test/b/v0']) {
      server.listen(alpn, (connection) => {
        seen.push(alpn);
        connection.close(0, '');
      });
    }
    expect(() => {
      server.listen('/test/a/v0', () => undefined);
    }).toThrow(RangeError);
    for (const alpn of ['/test/b/v0', '/test/a/v0']) await (await client.connect(server.address(), alpn)).closed;
    expect(seen).toEqual(['/test/b/v0', '/test/a/v0']);
  });
});

async function readAll(stream: Stream): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (let bytes = await stream.read(65_536); bytes !== undefined; bytes = await stream.read(65_536))
    pieces.push(bytes);
  return new Uint8Array(Buffer.concat(pieces));
}

async function expectUnreachable(work: Promise<unknown>): Promise<void> {
  await expect(work).rejects.toMatchObject({ name: 'PeerpatchError', code: 'PEER_UNREACHABLE' });
}
