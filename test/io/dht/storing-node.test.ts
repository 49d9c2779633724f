import { describe, expect, it } from 'vitest';
import { asciiBytes } from '../../../src/core/base/bytes.ts';
import { MINUTE_MS } from '../../../src/core/base/units.ts';
import { isValidItem, itemTarget, signItem } from '../../../src/core/dht/item.ts';
import type { Answer, QueryBody } from '../../../src/core/dht/message.ts';
import type { QueryFailure } from '../../../src/core/dht/pending-queries.ts';
import { signedStoringNode, storingNode, type AnsweringNode } from '../../../src/io/dht/storing-node.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { testItemKey } from '../../support/dht-clients.ts';
import { idOf, localAddress } from '../../support/dht-samples.ts';

const key = testItemKey(1);
const target = itemTarget(key.publicKey, key.salt);
const success: Answer = { kind: 'answer', transaction: new Uint8Array(4), id: idOf(1), readOnly: false };
const badToken: QueryFailure = { reason: 'refused', code: 203, text: 'invalid token' };

/** A node that gives these outcomes one after the other, and the queries it got. */
function scripted(outcomes: (Answer | QueryFailure)[], options: Partial<AnsweringNode> = {}) {
  const queries: QueryBody[] = [];
  const clock = new FakeClock();
  const endpoint = {
    query: (_: unknown, body: QueryBody) => {
      queries.push(body);
      return Promise.resolve(outcomes.shift() ?? ({ reason: 'timeout' } as const));
    },
  };
  const answering: AnsweringNode = {
    endpoint,
    address: localAddress(1),
    target,
    item: undefined,
    token: asciiBytes('old'),
    clock,
    ...options,
  };
  const node = storingNode(key, answering);
  const put = (): Promise<void> => node.put(5n, asciiBytes('value'));
  return {
    node,
    foreign: signedStoringNode({ publicKey: key.publicKey, salt: key.salt }, answering),
    put,
    clock,
    asked: () =>
      queries.map((body) => (body.method === 'put' ? `put ${String.fromCharCode(...body.token)}` : body.method)),
    queries,
  };
}

describe('a node that stores an item', () => {
  it('gets the signed item with its token and the target', async () => {
    const { put, queries } = scripted([success]);
    await put();
    const [body] = queries;
    if (body?.method !== 'put') throw new Error('no put');
    expect(body).toMatchObject({ token: asciiBytes('old'), salt: key.salt, target });
    expect(body).not.toHaveProperty('cas');
    expect(isValidItem(body.item, key.publicKey, key.salt)).toBe(true);
  });

  it('gets an item that was signed elsewhere as it is, byte for byte', async () => {
    const { foreign, queries } = scripted([success]);
    const signed = signItem({ ...key, seq: 7n, value: asciiBytes('of the owner') });
    await foreign.put({ seq: 7n, signature: signed.signature, value: asciiBytes('of the owner') });
    expect(queries).toEqual([{ method: 'put', token: asciiBytes('old'), item: signed, salt: key.salt, target }]);
  });

  it('is asked for another token for an item signed elsewhere too', async () => {
    const { foreign, clock, asked } = scripted([{ ...success, token: asciiBytes('new') }, success]);
    await clock.advance(4 * MINUTE_MS + 1);
    await foreign.put({ seq: 1n, signature: new Uint8Array(64), value: asciiBytes('x') });
    expect(asked()).toEqual(['get', 'put new']);
  });

  it('shows what it holds with the signature, where items are passed on', () => {
    const item = { seq: 3n, signature: new Uint8Array(64).fill(9), value: asciiBytes('held') };
    const { node, foreign } = scripted([], { item });
    expect(foreign.item).toEqual(item);
    expect(node.item).toEqual({ seq: 3n, value: asciiBytes('held') });
  });

  it('is asked for another token before a put when the one it gave is over four minutes old', async () => {
    const { put, clock, asked } = scripted([{ ...success, token: asciiBytes('new') }, success]);
    await clock.advance(4 * MINUTE_MS + 1);
    await put();
    expect(asked()).toEqual(['get', 'put new']);
  });

  it('is not asked for another token before that', async () => {
    const { put, clock, asked } = scripted([success]);
    await clock.advance(4 * MINUTE_MS);
    await put();
    expect(asked()).toEqual(['put old']);
  });

  it('that no longer takes its token is asked for another, once', async () => {
    const { put, asked } = scripted([badToken, { ...success, token: asciiBytes('new') }, badToken]);
    await expect(put()).rejects.toMatchObject({ code: 'DHT_PUT_REFUSED' });
    expect(asked()).toEqual(['put old', 'get', 'put new']);
  });

  it.each<[string, Answer | QueryFailure, string]>([
    ['refuses', { reason: 'refused', code: 302, text: 'old' }, 'DHT_PUT_REFUSED'],
    ['is silent', { reason: 'timeout' }, 'DHT_UNREACHABLE'],
    ['cannot be asked for all the queries that wait', { reason: 'overloaded' }, 'DHT_UNREACHABLE'],
    ['cannot be asked any more', { reason: 'closed' }, 'CANCELLED'],
  ])('that %s makes the put fail by its code', async (_, outcome, code) => {
    await expect(scripted([outcome]).put()).rejects.toMatchObject({ code });
  });

  it('that gave no token cannot be put to', async () => {
    const { put, asked } = scripted([], { token: undefined });
    await expect(put()).rejects.toMatchObject({ code: 'DHT_PUT_REFUSED' });
    expect(asked()).toEqual([]);
  });
});
