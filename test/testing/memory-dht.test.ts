import { describe, expect, it } from 'vitest';
import { asciiBytes } from '../../src/core/base/bytes.ts';
import { HOUR_MS } from '../../src/core/base/units.ts';
import { MemoryDht } from '../../src/testing/memory-dht.ts';
import { testItemKey, valuesOf } from '../support/dht-clients.ts';

// What it has in common with the real one is in test/contract/dht.test.ts.
describe('the DHT in memory', () => {
  it('has as many nodes as asked for and answers with the 20 closest at most', async () => {
    expect(await new MemoryDht({ nodes: 3 }).join().get(testItemKey(1))).toHaveLength(3);
    expect(await new MemoryDht({ nodes: 50 }).join().get(testItemKey(1))).toHaveLength(20);
  });

  it('forgets items after two hours of the time it is given', async () => {
    let nowMs = 0;
    const dht = new MemoryDht({ nodes: 1, now: () => nowMs }).join();
    const [node] = await dht.get(testItemKey(1));
    await node?.put(1n, asciiBytes('old'));
    nowMs = 2 * HOUR_MS;
    expect(valuesOf(await dht.get(testItemKey(1)))).toEqual(['1 old']);
    nowMs++;
    expect(valuesOf(await dht.get(testItemKey(1)))).toEqual([]);
  });

  it('comes back with its items after a lost network', async () => {
    const network = new MemoryDht({ nodes: 1 });
    const dht = network.join();
    const [node] = await dht.get(testItemKey(1));
    await node?.put(1n, asciiBytes('kept'));
    network.setOnline(false);
    await expect(dht.get(testItemKey(1))).rejects.toMatchObject({ code: 'DHT_UNREACHABLE' });
    network.setOnline(true);
    expect(valuesOf(await dht.get(testItemKey(1)))).toEqual(['1 kept']);
  });
});
