/**
 * Queries waiting for their answer: matched by a random transaction id and by IP and port, bounded in number.
 *
 * Some nodes read transaction ids of 4 bytes only, some of 2 bytes only, and both drop all else in silence. So a query that
 * stays unanswered goes out once more under an id of the other length, and a node that answered to 2 bytes gets those first
 * from then on. A forged answer has to guess the id and come from the right IP and port within two seconds.
 *
 * @module
 */
import { toHex } from '../base/hex.ts';
import { MAX_PENDING_QUERIES, MAX_SHORT_ID_NODES } from '../base/limits.ts';
import { formatAddress, type NodeAddress } from './address.ts';
import type { Answer, QueryBody } from './message.ts';

/** How long an answer is waited for. Nodes of the Rust implementation wait as long. */
export const QUERY_TIMEOUT_MS = 2000;
/** Most nodes have answered by then, and a walk still waits for the answer to the second packet. */
export const REPEAT_MS = 200;
/** What the Rust implementation reads from version 6 on; other implementations read any length. */
const LONG_ID_BYTES = 4;
/** What it reads before version 6. */
const SHORT_ID_BYTES = 2;

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
  readonly body: QueryBody;
  readonly sentMs: number;
  readonly expiresMs: number;
}

/** A packet to send. */
export interface Transaction {
  readonly id: Uint8Array;
  readonly address: NodeAddress;
  readonly body: QueryBody;
}

interface Entry extends PendingQuery {
  /** Of the first packet, then of the second. */
  readonly keys: string[];
  readonly idBytes: number;
}

export class PendingQueries {
  readonly #randomBytes: (length: number) => Uint8Array;
  /** In the order sent, which is the order they expire in. */
  readonly #pending = new Set<Entry>();
  /** Those sent once only, in the same order. */
  readonly #unrepeated = new Set<Entry>();
  readonly #byKey = new Map<string, Entry>();
  /** Queries waiting per address: an address with one is not pinged again. */
  readonly #perAddress = new Map<string, number>();
  /** Addresses that answered to a short id; oldest first. */
  readonly #shortIdNodes = new Set<string>();

  constructor(randomBytes: (length: number) => Uint8Array) {
    this.#randomBytes = randomBytes;
  }

  get size(): number {
    return this.#pending.size;
  }

  isAsked(address: NodeAddress): boolean {
    return this.#perAddress.has(formatAddress(address));
  }

  /** Returns the transaction to send, or undefined when there is no room. */
  add(address: NodeAddress, body: QueryBody, callbacks: QueryCallbacks, nowMs: number): Transaction | undefined {
    if (this.#pending.size >= MAX_PENDING_QUERIES) return undefined;
    const name = formatAddress(address);
    const entry: Entry = {
      ...callbacks,
      address,
      body,
      sentMs: nowMs,
      expiresMs: nowMs + QUERY_TIMEOUT_MS,
      keys: [],
      idBytes: this.#shortIdNodes.has(name) ? SHORT_ID_BYTES : LONG_ID_BYTES,
    };
    this.#pending.add(entry);
    this.#unrepeated.add(entry);
    this.#perAddress.set(name, (this.#perAddress.get(name) ?? 0) + 1);
    return this.#newTransaction(entry, entry.idBytes);
  }

  /** The queries that have gone unanswered for a while, each once, under an id of the other length. */
  repeats(nowMs: number): Transaction[] {
    const due: Transaction[] = [];
    for (const entry of this.#unrepeated) {
      if (entry.sentMs + REPEAT_MS > nowMs) break;
      this.#unrepeated.delete(entry);
      due.push(this.#newTransaction(entry, LONG_ID_BYTES + SHORT_ID_BYTES - entry.idBytes));
    }
    return due;
  }

  /** Removes and returns the query that a packet from `address` answers. */
  take(id: Uint8Array, address: NodeAddress): PendingQuery | undefined {
    const entry = this.#byKey.get(keyOf(id, address));
    if (entry === undefined) return undefined;
    this.#remove(entry);
    const name = formatAddress(address);
    this.#shortIdNodes.delete(name);
    if (id.length === SHORT_ID_BYTES) {
      this.#shortIdNodes.add(name);
      if (this.#shortIdNodes.size > MAX_SHORT_ID_NODES) {
        const [oldest] = this.#shortIdNodes;
        if (oldest !== undefined) this.#shortIdNodes.delete(oldest);
      }
    }
    return entry;
  }

  /** Removes and returns what has waited too long. */
  expire(nowMs: number): PendingQuery[] {
    const expired: PendingQuery[] = [];
    for (const entry of this.#pending) {
      if (entry.expiresMs > nowMs) break;
      this.#remove(entry);
      expired.push(entry);
    }
    return expired;
  }

  /** Removes and returns everything. */
  clear(): PendingQuery[] {
    const all = [...this.#pending];
    all.forEach((entry) => {
      this.#remove(entry);
    });
    return all;
  }

  /** When the next query is to be repeated or expires. */
  nextDueMs(): number | undefined {
    const [unrepeated] = this.#unrepeated;
    const [oldest] = this.#pending;
    if (unrepeated === undefined) return oldest?.expiresMs;
    return Math.min(unrepeated.sentMs + REPEAT_MS, oldest?.expiresMs ?? Infinity);
  }

  #newTransaction(entry: Entry, idBytes: number): Transaction {
    const { address, body, keys } = entry;
    let id = this.#randomBytes(idBytes);
    while (this.#byKey.has(keyOf(id, address))) id = this.#randomBytes(idBytes);
    const key = keyOf(id, address);
    this.#byKey.set(key, entry);
    keys.push(key);
    return { id, address, body };
  }

  #remove(entry: Entry): void {
    this.#pending.delete(entry);
    this.#unrepeated.delete(entry);
    for (const key of entry.keys) this.#byKey.delete(key);
    const name = formatAddress(entry.address);
    const left = (this.#perAddress.get(name) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(name, left);
    else this.#perAddress.delete(name);
  }
}

function keyOf(id: Uint8Array, address: NodeAddress): string {
  return `${toHex(id)}@${formatAddress(address)}`;
}
