import { describe, expect, it } from 'vitest';
import * as limits from '../../../src/core/base/limits.ts';

const { FETCH_LIMITS, SERVE_LIMITS, ...single } = limits;
const all: [name: string, value: unknown][] = [
  ...Object.entries(single),
  ...Object.entries(FETCH_LIMITS).map(([name, value]): [string, unknown] => [`FETCH_LIMITS.${name}`, value]),
  ...Object.entries(SERVE_LIMITS).map(([name, value]): [string, unknown] => [`SERVE_LIMITS.${name}`, value]),
];

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
});
