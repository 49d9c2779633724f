import { describe, expect, it } from 'vitest';
import { MAX_RATED_ADDRESSES } from '../../../src/core/base/limits.ts';
import { RateLimiter } from '../../../src/core/dht/rate-limit.ts';

const LIMITS = { perAddressPerSecond: 10, perAddressBurst: 20, totalPerSecond: 100, totalBurst: 50 };

function allowed(limiter: RateLimiter, key: string, attempts: number, nowMs: number): number {
  let count = 0;
  for (let attempt = 0; attempt < attempts; attempt++) if (limiter.allows(key, nowMs)) count++;
  return count;
}

describe('the rate of answers', () => {
  it('is bounded for one address by a burst and a rate', () => {
    const limiter = new RateLimiter(LIMITS, 0);
    expect(allowed(limiter, 'a', 100, 0)).toBe(20);
    expect(allowed(limiter, 'a', 100, 500)).toBe(5);
    expect(allowed(limiter, 'a', 100, 60_000)).toBe(20);
  });

  it('of one address does not take from another', () => {
    const limiter = new RateLimiter(LIMITS, 0);
    allowed(limiter, 'a', 100, 0);
    expect(allowed(limiter, 'b', 100, 0)).toBe(20);
  });

  it('is bounded for all addresses together', () => {
    const limiter = new RateLimiter(LIMITS, 0);
    let count = 0;
    for (let n = 0; n < 1000; n++) count += allowed(limiter, `address ${n}`, 1, 0);
    expect(count).toBe(50);
  });

  it('is counted for a bounded number of addresses', () => {
    const limiter = new RateLimiter(LIMITS, 0);
    for (let n = 0; n < MAX_RATED_ADDRESSES + 1000; n++) limiter.allows(`address ${n}`, 0);
    expect(limiter.size).toBe(MAX_RATED_ADDRESSES);
  });
});
