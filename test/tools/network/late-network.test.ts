import { describe, expect, it } from 'vitest';
import { PeerpatchError } from '../../../src/core/base/errors.ts';
import { MemoryNetwork } from '../../../src/testing/memory-network.ts';
import { lateNetwork } from '../../../src/tools/network/late-network.ts';

const hub = new MemoryNetwork();
const server = hub.join(new Uint8Array(32).fill(1));
server.listen('test', () => undefined);

describe('a transport for when it is needed', () => {
  it('is opened by the first connection, once, and closed', async () => {
    let opened = 0;
    const network = hub.join(new Uint8Array(32).fill(2));
    const late = lateNetwork(() => {
      opened += 1;
      return Promise.resolve(network);
    });
    expect(opened).toBe(0);
    const [connection] = await Promise.all([1, 2].map(() => late.connect(server.address(), 'test')));
    expect(opened).toBe(1);
    await late.close();
    await connection?.closed;
    await expect(network.connect(server.address(), 'test')).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
  });

  it('is not opened to be closed, and gives every connection the reason why it cannot be opened', async () => {
    let opened = 0;
    const late = lateNetwork(() => {
      opened += 1;
      return Promise.reject(new PeerpatchError('TRANSPORT_UNAVAILABLE', 'no addon'));
    });
    await lateNetwork(() => Promise.reject(new Error('it was opened'))).close();
    for (let turn = 0; turn < 2; turn++) {
      await expect(late.connect(server.address(), 'test')).rejects.toMatchObject({ code: 'TRANSPORT_UNAVAILABLE' });
    }
    expect(opened).toBe(1);
    await late.close();
  });

  it('is not waited for longer than the signal allows', async () => {
    const stop = new AbortController();
    const connecting = lateNetwork(() => new Promise(() => undefined)).connect(server.address(), 'test', stop.signal);
    stop.abort(new Error('enough'));
    await expect(connecting).rejects.toThrow('enough');
  });
});
