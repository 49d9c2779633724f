/**
 * The routing table: nodes that answered, by how many leading bits their id shares with ours (BEP 5).
 *
 * Only nodes that answered a query of ours get in, so that nobody fills it with forged sources. One node per public IP.
 * Bounded by 160 buckets of 20.
 *
 * @module
 */
import { parseIp, formatAddress, isLocalIp, type NodeAddress } from './address.ts';
import type { Contact } from './contact.ts';
import { compareDistance, isSecureNodeId, sharedPrefixBits } from './node-id.ts';

/** Contacts of one bucket, and how many nodes one walk ends with: Mainline stores at about twenty. */
export const BUCKET_SIZE = 20;
/** Unanswered queries after which a contact is dropped. */
const MAX_FAILURES = 2;

export interface TableContact extends Contact {
  /** Unanswered queries since its last answer. */
  readonly failures: number;
  readonly lastSeenMs: number;
}

interface Entry extends Contact {
  readonly key: string;
  /** Whether the id follows from the address (BEP 42). */
  readonly secure: boolean;
  failures: number;
  lastSeenMs: number;
}

export class RoutingTable {
  #ownId: Uint8Array;
  readonly #buckets = new Map<number, Entry[]>();
  readonly #byAddress = new Map<string, Entry>();
  /** Public IPs in the table. Local networks have many nodes on one address. */
  readonly #publicHosts = new Map<string, Entry>();

  constructor(ownId: Uint8Array) {
    this.#ownId = ownId;
  }

  get size(): number {
    return this.#byAddress.size;
  }

  /** A node answered from `address` as `id`. Returns whether it is in the table now. */
  answered({ id, address }: Contact, nowMs: number): boolean {
    const key = formatAddress(address);
    const known = this.#byAddress.get(key);
    if (known !== undefined) {
      if (compareDistance(this.#ownId, known.id, id) === 0) {
        known.failures = 0;
        known.lastSeenMs = nowMs;
        return true;
      }
      this.#remove(known); // the node at this address has been replaced by another
    }
    return this.#insert({ id, address, key, secure: isSecure(id, address), failures: 0, lastSeenMs: nowMs });
  }

  /** A query to `address` was not answered. */
  failed(address: NodeAddress): void {
    const entry = this.#byAddress.get(formatAddress(address));
    if (entry === undefined) return;
    entry.failures++;
    if (entry.failures >= MAX_FAILURES) this.#remove(entry);
  }

  /** Whether `contact` is unknown and would get a place: worth a ping. */
  hasRoomFor({ id, address }: Contact): boolean {
    if (this.#byAddress.has(formatAddress(address)) || this.#publicHosts.has(address.host)) return false;
    const bucket = this.#buckets.get(sharedPrefixBits(this.#ownId, id)) ?? [];
    return bucket.length < BUCKET_SIZE || bucket.some((entry) => entry.failures > 0);
  }

  has(address: NodeAddress): boolean {
    return this.#byAddress.has(formatAddress(address));
  }

  /** The `count` contacts closest to `target`, closest first. `reliable`: only those that answered last time. */
  closest(target: Uint8Array, count: number, reliable = false): TableContact[] {
    const entries = [...this.#byAddress.values()].filter((entry) => !reliable || entry.failures === 0);
    return entries.sort((a, b) => compareDistance(target, a.id, b.id)).slice(0, count);
  }

  /** Sorts all contacts anew around another own id. */
  rebuild(ownId: Uint8Array): void {
    const entries = [...this.#byAddress.values()];
    this.#ownId = ownId;
    this.#buckets.clear();
    this.#byAddress.clear();
    this.#publicHosts.clear();
    for (const entry of entries) this.#insert(entry);
  }

  #insert(entry: Entry): boolean {
    const index = sharedPrefixBits(this.#ownId, entry.id);
    const bucket = this.#buckets.get(index) ?? [];
    if (compareDistance(this.#ownId, this.#ownId, entry.id) === 0) return false; // ourselves, or someone posing as us
    // Whoever holds the id or the IP keeps it while it answers: a newcomer must not push it out.
    const rivals = [
      bucket.find(({ id }) => compareDistance(id, id, entry.id) === 0),
      this.#publicHosts.get(entry.address.host),
    ];
    for (const rival of rivals) {
      if (rival !== undefined && rival.failures === 0) return false;
      if (rival !== undefined) this.#remove(rival);
    }
    if (bucket.length >= BUCKET_SIZE) {
      const weakest =
        bucket.find(({ failures }) => failures > 0) ??
        (entry.secure ? bucket.find(({ secure }) => !secure) : undefined);
      if (weakest === undefined) return false;
      this.#remove(weakest);
    }
    bucket.push(entry);
    this.#buckets.set(index, bucket);
    this.#byAddress.set(entry.key, entry);
    if (isPublic(entry.address)) this.#publicHosts.set(entry.address.host, entry);
    return true;
  }

  #remove(entry: Entry): void {
    const bucket = this.#buckets.get(sharedPrefixBits(this.#ownId, entry.id));
    const index = bucket?.indexOf(entry) ?? -1;
    if (index >= 0) bucket?.splice(index, 1);
    this.#byAddress.delete(entry.key);
    if (this.#publicHosts.get(entry.address.host) === entry) this.#publicHosts.delete(entry.address.host);
  }
}

function isPublic(address: NodeAddress): boolean {
  const ip = parseIp(address.host);
  return ip !== undefined && !isLocalIp(ip);
}

function isSecure(id: Uint8Array, address: NodeAddress): boolean {
  const ip = parseIp(address.host);
  return ip !== undefined && isSecureNodeId(id, ip);
}
