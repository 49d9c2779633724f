import { afterEach, describe, expect, it } from 'vitest';
import type { PeerpatchError } from '../../../src/core/base/errors.ts';
import type { Dht } from '../../../src/ports/dht.ts';
import { openDht } from '../../../src/start/thread/node.ts';
import { startPrivateDht } from '../../../src/testing/private-dht.ts';
import { testItemKey } from '../../support/dht-clients.ts';

/** RFC 6761: no resolver finds it. */
const DEAD_NAME = 'no-such-node.invalid:6881';

describe('the DHT client of a node', () => {
  const closing: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(closing.splice(0).map((one) => one.close()));
  });
  const open = async (bootstrap: readonly string[], errors: PeerpatchError[]): Promise<Dht> => {
    const dht = await openDht({ bootstrap, bindHost: '127.0.0.1', onError: (error) => errors.push(error) });
    closing.push(dht);
    return dht;
  };

  it('works beside a bootstrap name that nobody knows, and says which one it is', async () => {
    const network = await startPrivateDht({ nodes: 2 });
    closing.push(network);
    const errors: PeerpatchError[] = [];
    const dht = await open([DEAD_NAME, ...network.bootstrap], errors);
    expect(await dht.get(testItemKey(1))).toHaveLength(2);
    expect(errors.map(({ code, message }) => [code, message.includes('no-such-node.invalid')])).toEqual([
      ['DHT_UNREACHABLE', true],
    ]);
  });

  it('rejects with DHT_UNREACHABLE when no name is known, and closes', async () => {
    const dht = await open([DEAD_NAME], []);
    await expect(dht.get(testItemKey(1))).rejects.toMatchObject({ code: 'DHT_UNREACHABLE' });
  });
});
