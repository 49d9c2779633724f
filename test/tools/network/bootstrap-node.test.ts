import { describe, expect, it } from 'vitest';
import { asciiBytes } from '../../../src/core/base/bytes.ts';
import { startBootstrapNode } from '../../../src/tools/network/bootstrap-node.ts';
import { openClient, testItemKey, valuesOf } from '../../support/dht-clients.ts';

describe('a bootstrap node', () => {
  it('is a network of its own: clients store and find through it', async () => {
    const node = await startBootstrapNode({ host: '127.0.0.1', port: 0 });
    const client = await openClient([node.address]);
    try {
      const [storing] = await client.get(testItemKey(1));
      await storing?.put(1n, asciiBytes('kept'));
      expect(valuesOf(await client.get(testItemKey(1)))).toEqual(['1 kept']);
      expect(node.storedItems()).toBe(1);
      expect(node.contacts()).toBe(0); // clients are in nobody's table
    } finally {
      await client.close();
      await node.close();
    }
  });

  it('joins another', async () => {
    const first = await startBootstrapNode({ host: '127.0.0.1', port: 0 });
    const second = await startBootstrapNode({ host: '127.0.0.1', port: 0, bootstrap: [first.address] });
    const client = await openClient([second.address]);
    try {
      await client.ready();
      expect(await client.get(testItemKey(1))).toHaveLength(2);
    } finally {
      await client.close();
      await second.close();
      await first.close();
    }
  });

  it.each([
    ['a port above 65535', { port: 65536 }],
    ['a negative port', { port: -1 }],
    ['a fractional port', { port: 1.5 }],
    ['a name as host', { host: 'localhost', port: 0 }],
    ['a bootstrap address without port', { host: '127.0.0.1', port: 0, bootstrap: ['127.0.0.1'] }],
  ])('is not started with %s: OPTION_INVALID', async (_, options) => {
    await expect(startBootstrapNode(options)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });
});
