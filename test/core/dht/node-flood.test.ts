import { describe, expect, it } from 'vitest';
import { MAX_PENDING_QUERIES, MAX_WALKS } from '../../../src/core/base/limits.ts';
import { idOf, publicAddress } from '../../support/dht-samples.ts';
import { IDLE, lone, pingFrom } from '../../support/lone-node.ts';

const TARGET = idOf(0x55);

describe('a DHT node under a flood', () => {
  it('answers one address so often and no more', () => {
    const { node, sent } = lone('node');
    for (let n = 0; n < 10_000; n++) node.receive(pingFrom(idOf(9), true), publicAddress(1), 0);
    expect(sent).toHaveLength(500);
    node.receive(pingFrom(idOf(9), true), publicAddress(2), 0);
    expect(sent).toHaveLength(501);
  });

  it('answers forged addresses so often and no more, and pings few of them', () => {
    const { node, sent } = lone('node');
    for (let n = 0; n < 20_000; n++) node.receive(pingFrom(idOf(9, n >> 8, n & 0xff)), publicAddress(n), 0);
    expect(sent.filter(({ message }) => message.kind === 'answer')).toHaveLength(8000);
    expect(sent.filter(({ message }) => message.kind === 'query').length).toBeLessThanOrEqual(64);
    expect(node.contacts).toBe(0);
  });

  it('waits for a bounded number of answers and refuses further queries', () => {
    const { node } = lone('client');
    const failures: string[] = [];
    const count = { ...IDLE, onFailure: ({ reason }: { reason: string }) => failures.push(reason) };
    for (let n = 0; n < MAX_PENDING_QUERIES + 10; n++) node.query(publicAddress(n), { method: 'ping' }, count, 0);
    expect(failures).toEqual(Array(10).fill('overloaded'));
  });

  it('runs a bounded number of walks', () => {
    const { node } = lone('client');
    const walk = (): unknown =>
      node.walk({ target: TARGET, method: 'get', seeds: [publicAddress(1)], onDone: () => undefined }, 0);
    for (let n = 0; n < MAX_WALKS; n++) expect(walk()).toBeDefined();
    expect(walk()).toBeUndefined();
  });
});
