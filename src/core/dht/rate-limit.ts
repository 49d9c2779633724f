/**
 * How many queries an address may have answered: a bucket of permits that refills, per address and for all together.
 *
 * Bounded in memory: the address that asked longest ago is forgotten first. The common bucket bounds what a flood of forged
 * sources makes us send.
 *
 * @module
 */
import { MAX_RATED_ADDRESSES } from '../base/limits.ts';
import { SECOND_MS } from '../base/units.ts';

export interface RateLimits {
  readonly perAddressPerSecond: number;
  readonly perAddressBurst: number;
  readonly totalPerSecond: number;
  readonly totalBurst: number;
}

/** Far above what an honest node asks, far below what hurts. */
export const DEFAULT_RATE_LIMITS: RateLimits = {
  perAddressPerSecond: 50,
  perAddressBurst: 500,
  totalPerSecond: 4000,
  totalBurst: 8000,
};

interface Bucket {
  permits: number;
  refilledMs: number;
}

export class RateLimiter {
  readonly #limits: RateLimits;
  /** Asked longest ago first. */
  readonly #addresses = new Map<string, Bucket>();
  readonly #total: Bucket;

  constructor(limits: RateLimits, nowMs: number) {
    this.#limits = limits;
    this.#total = { permits: limits.totalBurst, refilledMs: nowMs };
  }

  get size(): number {
    return this.#addresses.size;
  }

  /** Takes a permit for `key`, if there is one. */
  allows(key: string, nowMs: number): boolean {
    const { perAddressPerSecond, perAddressBurst, totalPerSecond, totalBurst } = this.#limits;
    const bucket = this.#addresses.get(key) ?? { permits: perAddressBurst, refilledMs: nowMs };
    this.#addresses.delete(key);
    this.#addresses.set(key, bucket);
    if (this.#addresses.size > MAX_RATED_ADDRESSES) {
      const [oldest] = this.#addresses.keys();
      if (oldest !== undefined) this.#addresses.delete(oldest);
    }
    refill(bucket, perAddressPerSecond, perAddressBurst, nowMs);
    refill(this.#total, totalPerSecond, totalBurst, nowMs);
    if (bucket.permits < 1 || this.#total.permits < 1) return false;
    bucket.permits--;
    this.#total.permits--;
    return true;
  }
}

function refill(bucket: Bucket, perSecond: number, burst: number, nowMs: number): void {
  bucket.permits = Math.min(burst, bucket.permits + ((nowMs - bucket.refilledMs) * perSecond) / SECOND_MS);
  bucket.refilledMs = nowMs;
}
