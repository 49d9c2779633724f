import { describe, expect, it } from 'vitest';
import * as limits from '../../../src/core/base/limits.ts';

const { FETCH_LIMITS, SERVE_LIMITS, SOURCE_LIMITS, EXCHANGE_LIMITS } = limits;
/** A group of limits counts as one for each of its fields. */
const all: [name: string, value: unknown][] = Object.entries(limits).flatMap(([name, value]) =>
  typeof value === 'object'
    ? Object.entries(value).map(([field, each]): [string, unknown] => [`${name}.${field}`, each])
    : [[name, value]],
);

describe('limits', () => {
  it.each(all)('%s is a positive, finite number', (_name, value) => {
    expect(Number.isFinite(value) && Number(value) > 0).toBe(true);
  });

  it('the largest program can be counted exactly, and its size fits into a varint of five bytes', () => {
    expect(Number.isSafeInteger(limits.MAX_PROGRAM_BYTES)).toBe(true);
    expect(limits.MAX_PROGRAM_BYTES).toBeLessThan(2 ** 35);
  });

  it('a value with hints fits into an item, and an item into a packet', () => {
    expect(limits.MAX_ITEM_VALUE_BYTES).toBeLessThan(limits.MAX_PACKET_BYTES);
  });

  it('a client waits longer for its answer than a server lets it wait for a place', () => {
    expect(FETCH_LIMITS.answerMs).toBeGreaterThan(SERVE_LIMITS.placeMs);
  });

  it('a server waits longer for a slow client than the client for one piece', () => {
    expect(SERVE_LIMITS.idleMs).toBeGreaterThanOrEqual(FETCH_LIMITS.idleMs);
  });

  it('the same holds for the exchange', () => {
    expect(SOURCE_LIMITS.idleMs).toBeGreaterThan(EXCHANGE_LIMITS.placeMs);
    expect(EXCHANGE_LIMITS.idleMs).toBeGreaterThanOrEqual(SOURCE_LIMITS.idleMs);
  });

  it('what is asked for at once is more than the longest chunk, or nothing else could be asked beside it', () => {
    expect(limits.COLLECT_LIMITS.maxHeldBytes).toBeGreaterThan(2 * limits.MAX_CHUNK_BYTES);
  });
});
