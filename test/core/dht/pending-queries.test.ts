import { describe, expect, it } from 'vitest';
import { MAX_PENDING_QUERIES } from '../../../src/core/base/limits.ts';
import { PendingQueries, QUERY_TIMEOUT_MS } from '../../../src/core/dht/pending-queries.ts';
import { countedBytes, localAddress } from '../../support/dht-samples.ts';

const callbacks = { onAnswer: () => undefined, onFailure: () => undefined };

function add(pending: PendingQueries, n: number, nowMs = 0): Uint8Array {
  const transaction = pending.add(localAddress(n), callbacks, nowMs);
  if (transaction === undefined) throw new Error('no room');
  return transaction;
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

  it('expire after two seconds, the oldest first', () => {
    const pending = new PendingQueries(countedBytes());
    add(pending, 1, 0);
    add(pending, 2, 100);
    expect(pending.nextExpiryMs()).toBe(QUERY_TIMEOUT_MS);
    expect(pending.expire(QUERY_TIMEOUT_MS - 1)).toEqual([]);
    expect(pending.expire(QUERY_TIMEOUT_MS).map(({ address }) => address)).toEqual([localAddress(1)]);
    expect(pending.nextExpiryMs()).toBe(QUERY_TIMEOUT_MS + 100);
  });

  it('never number more than the limit', () => {
    const pending = new PendingQueries(countedBytes());
    for (let n = 0; n < MAX_PENDING_QUERIES; n++) add(pending, n % 100);
    expect(pending.add(localAddress(1), callbacks, 0)).toBeUndefined();
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
