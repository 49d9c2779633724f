/**
 * Queries waiting for their answer: matched by a random 4-byte transaction id and by IP and port, bounded in number.
 *
 * A forged answer has to guess 32 random bits and come from the right port within two seconds.
 *
 * @module
 */
import { toHex } from '../base/hex.ts';
import { MAX_PENDING_QUERIES } from '../base/limits.ts';
import { formatAddress, type NodeAddress } from './address.ts';
import type { Answer } from './message.ts';

/** How long an answer is waited for. Nodes of the Rust implementation wait as long. */
export const QUERY_TIMEOUT_MS = 2000;
/** Nodes of the Rust implementation drop packets with any other length. */
const TRANSACTION_BYTES = 4;

export type QueryFailure =
  | { readonly reason: 'timeout' }
  /** The node answered with a failure. */
  | { readonly reason: 'refused'; readonly code: number; readonly text: string }
  /** Not sent: too many queries are waiting. */
  | { readonly reason: 'overloaded' }
  /** Given up from this side. */
  | { readonly reason: 'closed' };

export interface QueryCallbacks {
  readonly onAnswer: (answer: Answer, nowMs: number) => void;
  readonly onFailure: (failure: QueryFailure, nowMs: number) => void;
}

export interface PendingQuery extends QueryCallbacks {
  readonly address: NodeAddress;
  readonly sentMs: number;
  readonly expiresMs: number;
}

export class PendingQueries {
  readonly #randomBytes: (length: number) => Uint8Array;
  /** In the order sent, which is the order they expire in. */
  readonly #pending = new Map<string, PendingQuery>();
  /** Queries waiting per address: an address with one is not pinged again. */
  readonly #perAddress = new Map<string, number>();

  constructor(randomBytes: (length: number) => Uint8Array) {
    this.#randomBytes = randomBytes;
  }

  get size(): number {
    return this.#pending.size;
  }

  isAsked(address: NodeAddress): boolean {
    return this.#perAddress.has(formatAddress(address));
  }

  /** Returns the transaction id to send, or undefined when there is no room. */
  add(address: NodeAddress, callbacks: QueryCallbacks, nowMs: number): Uint8Array | undefined {
    if (this.#pending.size >= MAX_PENDING_QUERIES) return undefined;
    let transaction = this.#randomBytes(TRANSACTION_BYTES);
    while (this.#pending.has(keyOf(transaction, address))) transaction = this.#randomBytes(TRANSACTION_BYTES);
    this.#pending.set(keyOf(transaction, address), {
      ...callbacks,
      address,
      sentMs: nowMs,
      expiresMs: nowMs + QUERY_TIMEOUT_MS,
    });
    const name = formatAddress(address);
    this.#perAddress.set(name, (this.#perAddress.get(name) ?? 0) + 1);
    return transaction;
  }

  /** Removes and returns the query that a packet from `address` answers. */
  take(transaction: Uint8Array, address: NodeAddress): PendingQuery | undefined {
    const key = keyOf(transaction, address);
    const query = this.#pending.get(key);
    if (query !== undefined) this.#remove(key, query);
    return query;
  }

  /** Removes and returns what has waited too long. */
  expire(nowMs: number): PendingQuery[] {
    const expired: PendingQuery[] = [];
    for (const [key, query] of this.#pending) {
      if (query.expiresMs > nowMs) break;
      this.#remove(key, query);
      expired.push(query);
    }
    return expired;
  }

  /** Removes and returns everything. */
  clear(): PendingQuery[] {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    this.#perAddress.clear();
    return all;
  }

  nextExpiryMs(): number | undefined {
    for (const query of this.#pending.values()) return query.expiresMs;
    return undefined;
  }

  #remove(key: string, { address }: PendingQuery): void {
    this.#pending.delete(key);
    const name = formatAddress(address);
    const left = (this.#perAddress.get(name) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(name, left);
    else this.#perAddress.delete(name);
  }
}

function keyOf(transaction: Uint8Array, address: NodeAddress): string {
  return `${toHex(transaction)}@${formatAddress(address)}`;
}
