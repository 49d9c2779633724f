/**
 * One walk towards a target, as a state machine: which nodes to ask next, when to stop waiting, when it is done.
 *
 * Asks the closest known nodes first, ten at a time, until the 20 closest that answer have been asked. A node slower than the
 * walk's patience no longer holds it up, but its late answer still counts until the end. Where fewer than 20 nodes
 * answer, the walk asks for the nodes of the other seven eighths of the id space too: nodes name only 8 others each, and in a
 * small network the far ones hold values as well. Sends nothing and knows no time of its own. Spec: docs/spec/04-dht.md.
 *
 * @module
 */
import { compareBytes } from '../base/bytes.ts';
import { MAX_WALK_CANDIDATES, MAX_WALK_QUERIES } from '../base/limits.ts';
import { formatAddress, type NodeAddress } from './address.ts';
import type { Contact } from './contact.ts';
import { compareDistance, distance } from './node-id.ts';
import { BUCKET_SIZE } from './routing-table.ts';

/** Queries in flight that hold the walk up. */
const PARALLEL_QUERIES = 10;
/** Bounds of the patience with one node; between them, three halves of the slowest answer so far. */
const MIN_PATIENCE_MS = 350;
const MAX_PATIENCE_MS = 1500;
/** The id space in eighths: one byte's top three bits. */
const SECTORS = 8;
const ASKED_PER_SECTOR = 2;

/** Where a walk starts: a node, or an address whose node is not known yet. */
export interface Seed {
  readonly address: NodeAddress;
  readonly id?: Uint8Array;
  /** It did not answer lately: worth asking, not worth waiting for. */
  readonly suspect?: boolean;
}

export interface LookupQuery {
  readonly address: NodeAddress;
  /** `walk`: ask for the target itself. `sweep`: only for nodes near `target`. */
  readonly kind: 'walk' | 'sweep';
  readonly target: Uint8Array;
}

export interface LookupOptions {
  /** 20 bytes. */
  readonly target: Uint8Array;
  readonly ownId: Uint8Array;
  readonly seeds: readonly Seed[];
  /** Whether to sweep the other sectors when fewer than 20 nodes answer. */
  readonly sweep: boolean;
  /** Whether a node did not answer lately. */
  readonly isSuspect: (address: NodeAddress) => boolean;
}

interface Candidate {
  readonly address: NodeAddress;
  readonly key: string;
  readonly suspect: boolean;
  id: Uint8Array | undefined;
  /** From the target. All zeros while the id is unknown: such nodes are asked first. */
  distance: Uint8Array;
  state: 'new' | 'asked' | 'answered' | 'failed';
}

interface InFlight {
  readonly askedMs: number;
  readonly suspect: boolean;
}

export class Lookup {
  readonly #options: LookupOptions;
  /** Closest first. */
  #candidates: Candidate[] = [];
  readonly #byKey = new Map<string, Candidate>();
  readonly #inFlight = new Map<string, InFlight>();
  /** Undefined until the sweep has been planned. */
  #sweepQueries: LookupQuery[] | undefined;
  #asked = 0;
  #slowestMs = 0;

  constructor(options: LookupOptions) {
    this.#options = options;
    for (const { address, id, suspect } of options.seeds) this.#add(address, id, suspect);
    this.#order();
  }

  /** The nodes that answered, closest first. */
  get answered(): readonly Contact[] {
    return this.#candidates.flatMap(({ state, id, address }) => (state === 'answered' && id ? [{ id, address }] : []));
  }

  /** Whether the sweep was part of this walk. */
  get swept(): boolean {
    return this.#sweepQueries !== undefined;
  }

  /** The queries to send now. Call it after each event and each time `wakeMs` has come. */
  next(nowMs: number): readonly LookupQuery[] {
    const queries: LookupQuery[] = [];
    let room = PARALLEL_QUERIES - this.#holding(nowMs);
    const reach = this.#reach();
    for (const candidate of this.#candidates) {
      if (room <= 0 || this.#asked >= MAX_WALK_QUERIES) return queries;
      if (candidate.state !== 'new') continue;
      if (reach !== undefined && compareBytes(candidate.distance, reach) > 0) break;
      candidate.state = 'asked';
      queries.push(this.#ask({ address: candidate.address, kind: 'walk', target: this.#options.target }, nowMs));
      if (!candidate.suspect) room--;
    }
    if (queries.length === 0 && this.#holding(nowMs) === 0) this.#planSweep();
    while (room > 0 && this.#asked < MAX_WALK_QUERIES) {
      const query = this.#sweepQueries?.shift();
      if (query === undefined) break;
      queries.push(this.#ask(query, nowMs));
      room--;
    }
    return queries;
  }

  /** A node answered `query` as `id` and named `contacts`. */
  onAnswer(query: LookupQuery, id: Uint8Array, contacts: readonly Contact[], nowMs: number): void {
    const key = inFlightKey(query);
    this.#slowestMs = Math.max(this.#slowestMs, nowMs - (this.#inFlight.get(key)?.askedMs ?? nowMs));
    this.#inFlight.delete(key);
    const candidate = this.#byKey.get(formatAddress(query.address));
    if (query.kind === 'walk' && candidate !== undefined) {
      candidate.state = 'answered';
      candidate.id = id;
      candidate.distance = distance(this.#options.target, id);
    }
    for (const contact of contacts) this.#add(contact.address, contact.id, this.#options.isSuspect(contact.address));
    this.#order();
  }

  onFailure(query: LookupQuery): void {
    this.#inFlight.delete(inFlightKey(query));
    const candidate = this.#byKey.get(formatAddress(query.address));
    if (query.kind === 'walk' && candidate !== undefined) candidate.state = 'failed';
  }

  /** Whether nothing more is worth waiting for. Call it after `next` returned nothing. */
  isDone(nowMs: number): boolean {
    if (this.#inFlight.size === 0) return true;
    if (this.#holding(nowMs) > 0) return false;
    return this.#candidates.some(({ state }) => state === 'answered');
  }

  /** When the walk's patience with some node ends. */
  wakeMs(nowMs: number): number | undefined {
    let wake: number | undefined;
    for (const { askedMs, suspect } of this.#inFlight.values()) {
      const slowMs = askedMs + this.#patienceMs();
      if (!suspect && slowMs > nowMs && (wake === undefined || slowMs < wake)) wake = slowMs;
    }
    return wake;
  }

  #ask(query: LookupQuery, nowMs: number): LookupQuery {
    this.#asked++;
    const suspect = this.#byKey.get(formatAddress(query.address))?.suspect ?? false;
    this.#inFlight.set(inFlightKey(query), { askedMs: nowMs, suspect });
    return query;
  }

  /** Queries in flight that are still worth waiting for. */
  #holding(nowMs: number): number {
    const patience = this.#patienceMs();
    let count = 0;
    for (const { askedMs, suspect } of this.#inFlight.values()) if (!suspect && askedMs + patience > nowMs) count++;
    return count;
  }

  #patienceMs(): number {
    return Math.min(Math.max(this.#slowestMs * 1.5, MIN_PATIENCE_MS), MAX_PATIENCE_MS);
  }

  /** The distance of the 20th closest node that answered: nodes beyond it are not asked. */
  #reach(): Uint8Array | undefined {
    let count = 0;
    for (const candidate of this.#candidates) {
      if (candidate.state === 'answered' && ++count === BUCKET_SIZE) return candidate.distance;
    }
    return undefined;
  }

  #planSweep(): void {
    const answered = this.answered;
    if (!this.#options.sweep || this.#sweepQueries !== undefined) return;
    if (answered.length === 0 || answered.length >= BUCKET_SIZE) return;
    this.#sweepQueries = [];
    for (let sector = 1; sector < SECTORS; sector++) {
      const target = this.#options.target.slice();
      target[0] = (target[0] ?? 0) ^ (sector << 5);
      const nearest = [...answered].sort((a, b) => compareDistance(target, a.id, b.id)).slice(0, ASKED_PER_SECTOR);
      for (const { address } of nearest) this.#sweepQueries.push({ address, kind: 'sweep', target });
    }
  }

  #add(address: NodeAddress, id: Uint8Array | undefined, suspect = false): void {
    const { target, ownId } = this.#options;
    const key = formatAddress(address);
    if (this.#byKey.has(key) || (id !== undefined && compareBytes(id, ownId) === 0)) return;
    const candidate: Candidate = {
      address,
      key,
      suspect,
      id,
      distance: id === undefined ? new Uint8Array(target.length) : distance(target, id),
      state: 'new',
    };
    this.#byKey.set(key, candidate);
    this.#candidates.push(candidate);
  }

  /** Sorts, and forgets the farthest nodes beyond the limit that have not been asked. */
  #order(): void {
    this.#candidates.sort((a, b) => compareBytes(a.distance, b.distance));
    for (
      let index = this.#candidates.length - 1;
      index >= 0 && this.#candidates.length > MAX_WALK_CANDIDATES;
      index--
    ) {
      const candidate = this.#candidates[index];
      if (candidate?.state !== 'new') continue;
      this.#candidates.splice(index, 1);
      this.#byKey.delete(candidate.key);
    }
  }
}

function inFlightKey({ address, kind, target }: LookupQuery): string {
  return kind === 'walk' ? formatAddress(address) : `${formatAddress(address)}#${target[0] ?? 0}`;
}
