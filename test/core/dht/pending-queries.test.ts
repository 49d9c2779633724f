import { describe, expect, it } from 'vitest';
import { MAX_PENDING_QUERIES, MAX_SHORT_ID_NODES } from '../../../src/core/base/limits.ts';
import { PendingQueries, QUERY_TIMEOUT_MS, REPEAT_MS } from '../../../src/core/dht/pending-queries.ts';
import { countedBytes, localAddress } from '../../support/dht-samples.ts';

const callbacks = { onAnswer: () => undefined, onFailure: () => undefined };

const ping = { method: 'ping' } as const;

function add(pending: PendingQueries, n: number, nowMs = 0): Uint8Array {
  const transaction = pending.add(localAddress(n), ping, callbacks, nowMs);
  if (transaction === undefined) throw new Error('no room');
  return transaction.id;
}

/** A node that reads two bytes only has answered. */
function addShort(pending: PendingQueries, n: number): void {
  add(pending, n);
  for (const { id, address } of pending.repeats(REPEAT_MS)) pending.take(id, address);
}

describe('pending queries', () => {
  it('have transaction ids of four random bytes', () => {
    const pending = new PendingQueries(countedBytes());
    const ids = Array.from({ length: 100 }, () => add(pending, 1));
    expect(ids.every((id) => id.length === 4)).toBe(true);
    expect(new Set(ids.map(String)).size).toBe(100);
  });

  it('are answered once, and only from the IP and port that was asked', () => {
    const pending = new PendingQueries(countedBytes());
    const transaction = add(pending, 1);
    expect(pending.take(transaction, localAddress(2))).toBeUndefined();
    expect(pending.take(transaction, { ...localAddress(1), host: '127.0.0.2' })).toBeUndefined();
    expect(pending.take(transaction.with(0, (transaction[0] ?? 0) ^ 1), localAddress(1))).toBeUndefined();
    expect(pending.take(transaction, localAddress(1))).toBeDefined();
    expect(pending.take(transaction, localAddress(1))).toBeUndefined();
  });

  it('expire two seconds after their first packet, the oldest first', () => {
    const pending = new PendingQueries(countedBytes());
    add(pending, 1, 0);
    add(pending, 2, 100);
    pending.repeats(1000);
    expect(pending.nextDueMs()).toBe(QUERY_TIMEOUT_MS);
    expect(pending.expire(QUERY_TIMEOUT_MS - 1)).toEqual([]);
    expect(pending.expire(QUERY_TIMEOUT_MS).map(({ address }) => address)).toEqual([localAddress(1)]);
    expect(pending.nextDueMs()).toBe(QUERY_TIMEOUT_MS + 100);
  });

  it('are repeated once, under an id of two bytes, and answered under either', () => {
    for (const answeredFirst of [true, false]) {
      const pending = new PendingQueries(countedBytes());
      const first = add(pending, 1, 0);
      add(pending, 2, 1);
      expect(pending.nextDueMs()).toBe(REPEAT_MS);
      expect(pending.repeats(REPEAT_MS - 1)).toEqual([]);
      const [second, ...more] = pending.repeats(REPEAT_MS);
      expect(more).toEqual([]);
      expect(second).toMatchObject({ address: localAddress(1), body: ping });
      expect(second?.id).toHaveLength(2);
      expect(pending.repeats(REPEAT_MS)).toEqual([]);
      expect(pending.size).toBe(2);
      const [id, other] = answeredFirst ? [first, second?.id] : [second?.id, first];
      expect(pending.take(id ?? first, localAddress(1))).toBeDefined();
      expect(pending.take(other ?? first, localAddress(1))).toBeUndefined();
      expect(pending.isAsked(localAddress(1))).toBe(false);
    }
  });

  it('are not repeated once they were answered', () => {
    const pending = new PendingQueries(countedBytes());
    pending.take(add(pending, 1), localAddress(1));
    expect(pending.repeats(REPEAT_MS)).toEqual([]);
    expect(pending.nextDueMs()).toBeUndefined();
  });

  it('start with two bytes at a node that answered to two, and go back when it answers to four', () => {
    const pending = new PendingQueries(countedBytes());
    addShort(pending, 1);
    expect(add(pending, 1)).toHaveLength(2);
    expect(add(pending, 2)).toHaveLength(4);
    const repeat = pending.repeats(REPEAT_MS).find(({ address }) => address.port === localAddress(1).port);
    expect(repeat?.id).toHaveLength(4);
    pending.take(repeat?.id ?? new Uint8Array(), localAddress(1));
    expect(add(pending, 1)).toHaveLength(4);
  });

  it('remember a bounded number of nodes that read two bytes only, and forget the oldest', () => {
    const pending = new PendingQueries(countedBytes());
    for (let n = 0; n <= MAX_SHORT_ID_NODES; n++) addShort(pending, n);
    expect(add(pending, 0)).toHaveLength(4);
    expect(add(pending, 1)).toHaveLength(2);
  });

  it('never number more than the limit', () => {
    const pending = new PendingQueries(countedBytes());
    for (let n = 0; n < MAX_PENDING_QUERIES; n++) add(pending, n % 100);
    expect(pending.add(localAddress(1), ping, callbacks, 0)).toBeUndefined();
    expect(pending.size).toBe(MAX_PENDING_QUERIES);
    expect(pending.clear()).toHaveLength(MAX_PENDING_QUERIES);
    expect(pending.size).toBe(0);
  });

  it('know which addresses are being asked', () => {
    const pending = new PendingQueries(countedBytes());
    const first = add(pending, 1);
    const second = add(pending, 1);
    pending.take(first, localAddress(1));
    expect(pending.isAsked(localAddress(1))).toBe(true);
    pending.take(second, localAddress(1));
    expect(pending.isAsked(localAddress(1))).toBe(false);
  });

  it('draw another id when one is taken', () => {
    const draws = [Uint8Array.of(1, 1, 1, 1), Uint8Array.of(1, 1, 1, 1), Uint8Array.of(2, 2, 2, 2)];
    const pending = new PendingQueries(() => draws.shift() ?? new Uint8Array(4));
    add(pending, 1);
    expect(add(pending, 1)).toEqual(Uint8Array.of(2, 2, 2, 2));
  });
});
