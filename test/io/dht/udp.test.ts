import type { Socket } from 'node:dgram';
import { describe, expect, it } from 'vitest';
import type { PeerpatchError } from '../../../src/core/base/errors.ts';
import type { NodeAddress } from '../../../src/core/dht/address.ts';
import { bindSocket, openUdp, type UdpOptions, type UdpSocket } from '../../../src/io/dht/udp.ts';
import { systemClock } from '../../../src/io/system/clock.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';

const basis: UdpOptions = {
  family: 'ipv4',
  host: '127.0.0.1',
  port: 0,
  keepAlive: true,
  clock: systemClock,
  onPacket: () => undefined,
  onError: (error) => {
    throw error;
  },
};

/** A socket and the next packet it gets. */
async function listener(options: Partial<UdpOptions> = {}) {
  let resolve: (packet: { bytes: Uint8Array; from: NodeAddress }) => void = () => undefined;
  const packet = new Promise<{ bytes: Uint8Array; from: NodeAddress }>((done) => (resolve = done));
  const socket = await openUdp({
    ...basis,
    ...options,
    onPacket: (bytes, from) => {
      resolve({ bytes, from });
    },
  });
  return { socket, packet };
}

describe('a UDP socket', () => {
  it.each([
    ['ipv4', '127.0.0.1'],
    ['ipv6', '::1'],
  ] as const)('carries packets over %s and says where they come from', async (family, host) => {
    const sockets: UdpSocket[] = [];
    try {
      const { socket, packet } = await listener({ family, host });
      const sender = await openUdp({ ...basis, family, host });
      sockets.push(socket, sender);
      sender.send(Uint8Array.of(1, 2, 3), socket.address);
      const { bytes, from } = await packet;
      expect([...bytes]).toEqual([1, 2, 3]);
      expect(from).toEqual(sender.address);
    } finally {
      await Promise.all(sockets.map((socket) => socket.close()));
    }
  });

  it('that cannot have its port fails with DHT_BIND_FAILED and names the port', async () => {
    const { socket } = await listener();
    try {
      const taken = openUdp({ ...basis, port: socket.address.port });
      await expect(taken).rejects.toMatchObject({
        code: 'DHT_BIND_FAILED',
        message: expect.stringContaining(String(socket.address.port)) as unknown,
      });
    } finally {
      await socket.close();
    }
  });

  it('that cannot have its address fails with DHT_BIND_FAILED', async () => {
    await expect(openUdp({ ...basis, host: '192.0.2.1' })).rejects.toMatchObject({ code: 'DHT_BIND_FAILED' });
  });

  it('gives its port back when closed, closes twice, and sends nothing after that', async () => {
    const { socket } = await listener();
    const { port } = socket.address;
    await socket.close();
    await socket.close();
    socket.send(Uint8Array.of(1), { family: 'ipv4', host: '127.0.0.1', port });
    const again = await openUdp({ ...basis, port });
    await again.close();
  });

  it('that fails is reported and opened again on its port, as often as it takes', async () => {
    const clock = new FakeClock();
    const opened: Socket[] = [];
    const errors: PeerpatchError[] = [];
    let refusals = 2;
    const { socket, packet } = await listener({
      clock,
      onError: (error) => errors.push(error),
      bind: async (options, port) => {
        if (opened.length > 0 && refusals-- > 0) return bindSocket({ ...options, host: '192.0.2.1' }, port);
        const bound = await bindSocket(options, port);
        opened.push(bound);
        return bound;
      },
    });
    const sender = await openUdp(basis);
    try {
      opened[0]?.emit('error', new Error('the network went away'));
      for (let second = 0; second < 60 && opened.length < 2; second++) {
        await clock.advance(1000);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(opened).toHaveLength(2);
      expect(errors.map(({ code }) => code)).toEqual(['DHT_BIND_FAILED', 'DHT_BIND_FAILED', 'DHT_BIND_FAILED']);
      sender.send(Uint8Array.of(7), socket.address);
      expect([...(await packet).bytes]).toEqual([7]);
    } finally {
      await Promise.all([socket.close(), sender.close()]);
    }
  });

  it('can be closed while it is being opened again', async () => {
    const opened: Socket[] = [];
    const { socket } = await listener({
      clock: new FakeClock(),
      onError: () => undefined,
      bind: async (options, port) => {
        const bound = await bindSocket(options, port);
        opened.push(bound);
        return bound;
      },
    });
    opened[0]?.emit('error', new Error('the network went away'));
    await socket.close();
    expect(opened).toHaveLength(1);
  });
});
