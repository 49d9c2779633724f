import { expect, it } from 'vitest';
import { noTransport } from '../../../src/io/net/no-transport.ts';

it('without the transport nobody is reached, and the error says what to do', async () => {
  const network = noTransport(new Uint8Array(32).fill(3));
  network.listen('/alpn', () => {
    throw new Error('nobody can connect');
  });
  const peer = { nodeId: new Uint8Array(32), addresses: ['127.0.0.1:9'] };
  await expect(network.connect(peer, '/alpn')).rejects.toMatchObject({
    code: 'PEER_UNREACHABLE',
    message: expect.stringContaining('give it a mirror') as string,
  });
  expect(network.address()).toEqual({ nodeId: network.nodeId, addresses: [] });
  await network.close();
});
