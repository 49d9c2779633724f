/**
 * What a storing node keeps: mutable items by target, bounded in number and age (BEP 44).
 *
 * A put is judged in this order, the order other implementations use:
 * 205 value over 1000 bytes bencoded · 207 salt over 64 bytes · 203 target is not the item's · 301 `cas` does not match ·
 * 302 lower seq · 206 bad signature · 203 `mayStore` says no. (203 for a bad token comes before all of them, in server.ts.)
 * Equal seq with another value overwrites: the last write wins, as in Mainline's Rust implementation.
 *
 * @module
 */
import { equalBytes } from '../base/bytes.ts';
import { toHex } from '../base/hex.ts';
import { MAX_ITEM_SALT_BYTES, MAX_ITEM_VALUE_BYTES, MAX_STORED_ITEMS } from '../base/limits.ts';
import { HOUR_MS } from '../base/units.ts';
import { isValidItem, itemTarget, type MutableItem } from './item.ts';
import type { PutBody } from './message.ts';

/** BEP 44: publishers put again within two hours. */
export const ITEM_LIFETIME_MS: number = 2 * HOUR_MS;

export interface Refusal {
  readonly code: number;
  readonly text: string;
}

/** Whether an item, its signature verified, may be kept: what it would do to those who read it is not BEP 44's concern. */
export type MayStore = (item: MutableItem, salt: Uint8Array) => boolean;

interface Stored {
  readonly item: MutableItem;
  readonly storedMs: number;
}

export class ItemStore {
  /** Least recently used first. */
  readonly #items = new Map<string, Stored>();
  readonly #capacity: number;
  readonly #mayStore: MayStore;

  constructor(capacity: number = MAX_STORED_ITEMS, mayStore: MayStore = () => true) {
    this.#capacity = capacity;
    this.#mayStore = mayStore;
  }

  get size(): number {
    return this.#items.size;
  }

  get(target: Uint8Array, nowMs: number): MutableItem | undefined {
    const key = toHex(target);
    const stored = this.#items.get(key);
    if (stored === undefined) return undefined;
    this.#items.delete(key);
    if (nowMs - stored.storedMs > ITEM_LIFETIME_MS) return undefined;
    this.#items.set(key, stored);
    return stored.item;
  }

  /** Stores an item, or says why not. The token must have been checked. */
  put({ item, salt, cas, target }: Omit<PutBody, 'method' | 'token'>, nowMs: number): Refusal | undefined {
    if (item.encodedValue.length > MAX_ITEM_VALUE_BYTES) return { code: 205, text: 'message (v field) too big' };
    if (salt.length > MAX_ITEM_SALT_BYTES) return { code: 207, text: 'salt too big' };
    const actual = itemTarget(item.publicKey, salt);
    if (target !== undefined && !equalBytes(target, actual)) return { code: 203, text: 'target is not of this item' };
    const current = this.get(actual, nowMs);
    if (current !== undefined && cas !== undefined && current.seq !== cas) {
      return { code: 301, text: 'the CAS hash mismatched, re-read value and try again' };
    }
    if (current !== undefined && item.seq < current.seq) {
      return { code: 302, text: 'sequence number less than current' };
    }
    // Last, because it costs most: everything cheaper has been refused by now.
    if (!isValidItem(item, item.publicKey, salt)) return { code: 206, text: 'invalid signature' };
    if (!this.#mayStore(item, salt)) return { code: 203, text: 'the value would harm who reads it' };

    const key = toHex(actual);
    this.#items.delete(key);
    this.#items.set(key, { item, storedMs: nowMs });
    if (this.#items.size > this.#capacity) {
      const [oldest] = this.#items.keys();
      if (oldest !== undefined) this.#items.delete(oldest);
    }
    return undefined;
  }
}
