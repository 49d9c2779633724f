/**
 * One DHT node of one address family, without sockets, clocks or randomness of its own.
 *
 * Packets and commands come in with the time; packets go out through `send`, results through callbacks. `wakeMs` says
 * when `tick` is due. As a client it asks read-only (BEP 43) and answers nothing; as a node it answers and stores. Everything
 * it holds is bounded (core/base/limits). Spec: docs/spec/04-dht.md.
 *
 * @module
 */
import { isPeerpatchError } from '../base/errors.ts';
import { MAX_SUSPECTS, MAX_WALKS } from '../base/limits.ts';
import { MINUTE_MS } from '../base/units.ts';
import { formatAddress, parseIp, type Family, type NodeAddress } from './address.ts';
import { isLocalHost, mayName, type Contact } from './contact.ts';
import { AddressVotes } from './external-address.ts';
import { ItemStore, type MayStore } from './item-store.ts';
import { Lookup, type LookupQuery, type Seed } from './lookup.ts';
import { decodeMessage } from './message-decode.ts';
import { encodeMessage, type Answer, type KrpcMessage, type Query, type QueryBody } from './message.ts';
import { ID_BYTES, isSecureNodeId, secureNodeId } from './node-id.ts';
import { PendingQueries, type PendingQuery, type QueryCallbacks, type Transaction } from './pending-queries.ts';
import { DEFAULT_RATE_LIMITS, RateLimiter, type RateLimits } from './rate-limit.ts';
import { BUCKET_SIZE, RoutingTable } from './routing-table.ts';
import { answerQuery } from './server.ts';
import { TokenIssuer } from './token.ts';

/** `client`: asks only. `node`: also answers, stores, and stands in routing tables. */
export type DhtMode = 'client' | 'node';

const SUSPECT_MS = MINUTE_MS;
/** For so long after a sweep the routing table is taken to know the far nodes of a small network. */
const SWEEP_FRESH_MS = MINUTE_MS;
/** Pings to nodes that asked us, waiting at once. */
const MAX_GREETINGS = 64;

export interface DhtNodeOptions {
  readonly family: Family;
  readonly mode: DhtMode;
  /** 20 bytes; random when absent. Replaced by a BEP 42 id once others agree on our public IP. */
  readonly nodeId?: Uint8Array;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly send: (packet: Uint8Array, to: NodeAddress) => void;
  /** Monotonic milliseconds at the start. */
  readonly nowMs: number;
  readonly rateLimits?: RateLimits;
  /** Default: every valid item. */
  readonly mayStore?: MayStore;
  /** Set when there is a node of the other family beside this one. */
  readonly otherFamily?: {
    readonly closest: (target: Uint8Array, count: number) => readonly Contact[];
    readonly onContacts: (contacts: readonly Contact[]) => void;
  };
}

export interface WalkOptions {
  readonly target: Uint8Array;
  readonly method: 'find_node' | 'get';
  /** Asked as well: bootstrap nodes, nodes named elsewhere. */
  readonly seeds: readonly NodeAddress[];
  /** Called for each node that was asked for the target and answered. */
  readonly onAnswer?: (contact: Contact, answer: Answer) => void;
  /** The nodes that answered, closest first; not called after `cancel`. */
  readonly onDone: (answered: readonly Contact[]) => void;
}

interface Walk {
  readonly lookup: Lookup;
  readonly options: WalkOptions;
}

export class DhtNode {
  readonly #options: DhtNodeOptions;
  readonly #tokens: TokenIssuer;
  readonly #limiter: RateLimiter;
  readonly #pending: PendingQueries;
  readonly #items: ItemStore;
  readonly #votes = new AddressVotes();
  readonly #walks = new Set<Walk>();
  /** Addresses that did not answer, and until when that is remembered; oldest first. */
  readonly #suspects = new Map<string, number>();
  readonly #table: RoutingTable;
  #id: Uint8Array;
  #greetings = 0;
  #sweptMs = -Infinity;
  #answeredMs = -Infinity;

  constructor(options: DhtNodeOptions) {
    this.#options = options;
    this.#id = options.nodeId?.slice() ?? options.randomBytes(ID_BYTES);
    this.#table = new RoutingTable(this.#id);
    this.#tokens = new TokenIssuer(options.randomBytes, options.nowMs);
    this.#limiter = new RateLimiter(options.rateLimits ?? DEFAULT_RATE_LIMITS, options.nowMs);
    this.#pending = new PendingQueries(options.randomBytes);
    this.#items = new ItemStore(undefined, options.mayStore);
  }

  get id(): Uint8Array {
    return this.#id;
  }

  /** Contacts in the routing table. */
  get contacts(): number {
    return this.#table.size;
  }

  get storedItems(): number {
    return this.#items.size;
  }

  /** Contacts for others, closest first. */
  closest(target: Uint8Array, count: number): readonly Contact[] {
    return this.#table.closest(target, count, true);
  }

  /** A packet came in. Malformed ones, unasked answers and excess queries are dropped in silence. */
  receive(packet: Uint8Array, from: NodeAddress, nowMs: number): void {
    let message: KrpcMessage;
    try {
      message = decodeMessage(packet);
    } catch (error) {
      // Anyone can send anything: a packet that cannot be read is no event of ours.
      if (isPeerpatchError(error, 'DHT_MESSAGE_MALFORMED')) return;
      throw error;
    }
    if (message.kind === 'query') {
      if (this.#options.mode === 'node') this.#answer(message, from, nowMs);
      return;
    }
    const query = this.#pending.take(message.transaction, from);
    if (query === undefined) return;
    this.#answeredMs = nowMs;
    this.#suspects.delete(formatAddress(from));
    if (message.kind === 'failure') {
      query.onFailure({ reason: 'refused', code: message.code, text: message.text }, nowMs);
      return;
    }
    if (!message.readOnly) this.#table.answered({ id: message.id, address: from }, nowMs);
    if (message.seenAt !== undefined) this.#countVote(from, message.seenAt);
    this.#passOn(message, from);
    query.onAnswer(message, nowMs);
  }

  /** Asks one node. */
  query(to: NodeAddress, body: QueryBody, callbacks: QueryCallbacks, nowMs: number): void {
    const transaction = this.#pending.add(to, body, callbacks, nowMs);
    if (transaction === undefined) callbacks.onFailure({ reason: 'overloaded' }, nowMs);
    else this.#sendQuery(transaction);
  }

  /** Walks to a target. Returns what cancels the walk, or undefined when too many are under way. */
  walk(options: WalkOptions, nowMs: number): (() => void) | undefined {
    if (this.#walks.size >= MAX_WALKS) return undefined;
    const isSuspect = (address: NodeAddress): boolean => (this.#suspects.get(formatAddress(address)) ?? 0) > nowMs;
    const known: readonly Seed[] = this.#table.closest(options.target, BUCKET_SIZE);
    const given: readonly Seed[] = options.seeds.map((address) => ({ address }));
    const seeds = [...known, ...given].map((seed) => ({ ...seed, suspect: isSuspect(seed.address) }));
    const sweep = nowMs - this.#sweptMs > SWEEP_FRESH_MS;
    const lookup = new Lookup({ target: options.target, ownId: this.#id, seeds, sweep, isSuspect });
    const walk: Walk = { lookup, options };
    this.#walks.add(walk);
    this.#advance(walk, nowMs);
    return () => {
      this.#walks.delete(walk);
    };
  }

  /** Time has passed. */
  tick(nowMs: number): void {
    for (const query of this.#pending.expire(nowMs)) this.#onTimeout(query, nowMs);
    for (const transaction of this.#pending.repeats(nowMs)) this.#sendQuery(transaction);
    for (const walk of this.#walks) this.#advance(walk, nowMs);
  }

  /** When `tick` is due; undefined when nothing is under way. */
  wakeMs(nowMs: number): number | undefined {
    let wake = this.#pending.nextDueMs();
    for (const { lookup } of this.#walks) {
      const other = lookup.wakeMs(nowMs);
      if (other !== undefined && (wake === undefined || other < wake)) wake = other;
    }
    return wake;
  }

  /** Ends all queries and walks; walks report what they have. */
  close(nowMs: number): void {
    const walks = [...this.#walks];
    this.#walks.clear();
    for (const query of this.#pending.clear()) query.onFailure({ reason: 'closed' }, nowMs);
    for (const { lookup, options } of walks) options.onDone(lookup.answered);
  }

  #advance(walk: Walk, nowMs: number): void {
    if (!this.#walks.has(walk)) return;
    const { lookup, options } = walk;
    for (const query of lookup.next(nowMs)) this.#ask(walk, query, nowMs);
    if (!this.#walks.has(walk) || !lookup.isDone(nowMs)) return;
    this.#walks.delete(walk);
    if (lookup.swept) this.#sweptMs = nowMs;
    options.onDone(lookup.answered);
  }

  #ask(walk: Walk, query: LookupQuery, nowMs: number): void {
    const { lookup, options } = walk;
    const method = query.kind === 'walk' ? options.method : 'find_node';
    // Beside a large item the nodes of both families do not fit into one packet of 1500 bytes, and fragments get lost.
    const want: { want?: readonly Family[] } =
      this.#options.otherFamily && method === 'find_node' ? { want: ['ipv4', 'ipv6'] } : {};
    this.query(
      query.address,
      { method, target: query.target, ...want },
      {
        onAnswer: (answer, answeredMs) => {
          const contact = { id: answer.id, address: query.address };
          lookup.onAnswer(query, answer.id, this.#named(answer, query.address), answeredMs);
          // A walk that was cancelled or has ended reports nothing more.
          if (query.kind === 'walk' && this.#walks.has(walk)) options.onAnswer?.(contact, answer);
          this.#advance(walk, answeredMs);
        },
        onFailure: (_, failedMs) => {
          lookup.onFailure(query);
          this.#advance(walk, failedMs);
        },
      },
      nowMs,
    );
  }

  #onTimeout(query: PendingQuery, nowMs: number): void {
    // While nobody answers, the fault is probably ours (sleep, no network): the table must survive that.
    if (this.#answeredMs >= query.sentMs) {
      this.#table.failed(query.address);
      this.#suspects.set(formatAddress(query.address), nowMs + SUSPECT_MS);
      if (this.#suspects.size > MAX_SUSPECTS) {
        const [oldest] = this.#suspects.keys();
        if (oldest !== undefined) this.#suspects.delete(oldest);
      }
    }
    query.onFailure({ reason: 'timeout' }, nowMs);
  }

  #answer(query: Query, from: NodeAddress, nowMs: number): void {
    // Nodes of one machine or network share an IP; on the Internet a port costs nothing.
    if (!this.#limiter.allows(isLocalHost(from) ? formatAddress(from) : from.host, nowMs)) return;
    const { family, otherFamily } = this.#options;
    const state = { family, ownId: this.#id, table: this.#table, tokens: this.#tokens, items: this.#items };
    this.#send(answerQuery({ ...state, otherFamily: otherFamily?.closest }, query, from, nowMs), from);
    if (!query.readOnly) this.#greet({ id: query.id, address: from }, nowMs);
  }

  /** A source address can be forged: who asks gets into the table by answering. */
  #greet(contact: Contact, nowMs: number): void {
    if (this.#greetings >= MAX_GREETINGS || !this.#table.hasRoomFor(contact)) return;
    if (this.#pending.isAsked(contact.address)) return;
    this.#greetings++;
    const done = (): void => {
      this.#greetings--;
    };
    this.query(contact.address, { method: 'ping' }, { onAnswer: done, onFailure: done }, nowMs);
  }

  #named(answer: Answer, from: NodeAddress): readonly Contact[] {
    const contacts = (this.#options.family === 'ipv4' ? answer.nodes : answer.nodes6) ?? [];
    return contacts.filter((contact) => mayName(from, contact));
  }

  #passOn(answer: Answer, from: NodeAddress): void {
    const contacts = (this.#options.family === 'ipv4' ? answer.nodes6 : answer.nodes) ?? [];
    const usable = contacts.filter((contact) => mayName(from, contact));
    if (usable.length > 0) this.#options.otherFamily?.onContacts(usable);
  }

  #countVote(voter: NodeAddress, named: NodeAddress): void {
    const ip = parseIp(voter.host) === undefined ? undefined : this.#votes.vote(voter, named);
    if (ip === undefined || isSecureNodeId(this.#id, ip)) return;
    this.#id = secureNodeId(ip, this.#options.randomBytes(ID_BYTES));
    this.#table.rebuild(this.#id);
  }

  #sendQuery({ id: transaction, address, body }: Transaction): void {
    const readOnly = this.#options.mode === 'client';
    this.#send({ kind: 'query', transaction, id: this.#id, readOnly, body }, address);
  }

  #send(message: KrpcMessage, to: NodeAddress): void {
    this.#options.send(encodeMessage(message), to);
  }
}
