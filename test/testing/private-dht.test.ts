import { describe, expect, it } from 'vitest';
import { openRawSocket } from '../support/dht-clients.ts';
import { startPrivateDht } from '../../src/testing/private-dht.ts';

describe('a private DHT', () => {
  it('has 20 nodes on loopback that all know each other', async () => {
    const network = await startPrivateDht();
    try {
      expect(network.nodes).toHaveLength(20);
      expect(network.bootstrap).toHaveLength(3);
      expect(network.nodes.every(({ addresses }) => addresses[0]?.startsWith('127.0.0.1:') === true)).toBe(true);
      expect(network.nodes.map(({ contacts }) => contacts)).toEqual(Array<number>(20).fill(19));
    } finally {
      await network.close();
    }
  });

  it('gives every port back when it is closed', async () => {
    const network = await startPrivateDht({ nodes: 2 });
    const [first] = network.bootstrap;
    await network.close();
    const raw = await openRawSocket();
    raw.send(new Uint8Array(), first ?? '');
    expect(await raw.receive(20)).toBeUndefined();
    await raw.close();
    const port = Number(first?.split(':')[1]);
    const again = await startPrivateDht({ nodes: 1 });
    expect(port).toBeGreaterThan(0);
    await again.close();
  });

  it('leaves nothing open when it cannot start', async () => {
    await expect(startPrivateDht({ host: '192.0.2.1' })).rejects.toMatchObject({ code: 'DHT_BIND_FAILED' });
  });
});
