/**
 * A network of DhtNodes in simulated time: packets take a fixed time, dead nodes swallow them, hours pass in a moment.
 *
 * @module
 */
import { formatAddress, type NodeAddress } from '../../src/core/dht/address.ts';
import type { Contact } from '../../src/core/dht/contact.ts';
import type { Answer, QueryBody } from '../../src/core/dht/message.ts';
import { DhtNode, type DhtMode, type DhtNodeOptions } from '../../src/core/dht/node.ts';
import type { QueryFailure } from '../../src/core/dht/pending-queries.ts';
import { countedBytes, localAddress } from './dht-samples.ts';

const LATENCY_MS = 5;

interface Packet {
  readonly atMs: number;
  readonly bytes: Uint8Array;
  readonly from: NodeAddress;
  readonly to: NodeAddress;
}

export interface SimulatedNode {
  readonly address: NodeAddress;
  readonly node: DhtNode;
  /** Packets it has sent. */
  sent: number;
}

export interface WalkResult {
  readonly answered: readonly Contact[];
  readonly answers: readonly { readonly contact: Contact; readonly answer: Answer }[];
  readonly tookMs: number;
}

export class SimulatedNet {
  nowMs = 0;
  readonly nodes: SimulatedNode[] = [];
  /** Addresses that neither get nor send anything. */
  readonly dead = new Set<string>();
  /** What a node at this address does not read. */
  drops: (bytes: Uint8Array, to: NodeAddress) => boolean = () => false;
  /** While false, no packet arrives anywhere. */
  online = true;
  /** Milliseconds a packet to this address takes. */
  latencyMs: (to: NodeAddress) => number = () => LATENCY_MS;
  readonly #packets: Packet[] = [];
  readonly #randomBytes = countedBytes();

  add(mode: DhtMode, options: Partial<DhtNodeOptions> = {}, address = localAddress(this.nodes.length)): SimulatedNode {
    const simulated: SimulatedNode = {
      address,
      sent: 0,
      node: new DhtNode({
        family: 'ipv4',
        mode,
        randomBytes: this.#randomBytes,
        nowMs: this.nowMs,
        send: (bytes, to) => {
          simulated.sent++;
          this.deliver(bytes, address, to);
        },
        ...options,
      }),
    };
    this.nodes.push(simulated);
    return simulated;
  }

  /** Nodes that all have walked past the ones before them. */
  grow(count: number): void {
    for (let n = 0; n < count; n++) {
      const { node } = this.add('node');
      if (this.nodes.length > 1) this.walk(this.nodes.length - 1, node.id, 'find_node');
    }
    this.run(1000);
  }

  /** Puts a packet on its way, whoever sent it. */
  deliver(bytes: Uint8Array, from: NodeAddress, to: NodeAddress): void {
    if (!this.online || this.dead.has(formatAddress(from)) || this.dead.has(formatAddress(to))) return;
    if (this.drops(bytes, to)) return;
    this.#packets.push({ atMs: this.nowMs + this.latencyMs(to), bytes, from, to });
    this.#packets.sort((a, b) => a.atMs - b.atMs);
  }

  /** Lets time pass, at most `forMs`, until `until` holds. */
  run(forMs: number, until: () => boolean = () => false): void {
    const end = this.nowMs + forMs;
    while (!until()) {
      const wakes = this.nodes.map(({ node }) => node.wakeMs(this.nowMs) ?? Infinity);
      const next = Math.min(this.#packets[0]?.atMs ?? Infinity, ...wakes);
      if (next > end) {
        this.nowMs = end;
        return;
      }
      this.nowMs = Math.max(this.nowMs, next);
      const packet = this.#packets[0];
      if (packet !== undefined && packet.atMs <= this.nowMs) {
        this.#packets.shift();
        const receiver = this.nodes.find(({ address }) => formatAddress(address) === formatAddress(packet.to));
        if (!this.dead.has(formatAddress(packet.to))) receiver?.node.receive(packet.bytes, packet.from, this.nowMs);
      }
      for (const [index, { node }] of this.nodes.entries())
        if ((wakes[index] ?? Infinity) <= this.nowMs) node.tick(this.nowMs);
    }
  }

  /** One walk from node `from`, run to its end. */
  walk(from: number, target: Uint8Array, method: 'find_node' | 'get' = 'get', seed = localAddress(0)): WalkResult {
    const answers: { contact: Contact; answer: Answer }[] = [];
    const startMs = this.nowMs;
    let answered: readonly Contact[] | undefined;
    this.nodes[from]?.node.walk(
      {
        target,
        method,
        seeds: [seed],
        onAnswer: (contact, answer) => answers.push({ contact, answer }),
        onDone: (nodes) => (answered = nodes),
      },
      this.nowMs,
    );
    this.run(60_000, () => answered !== undefined);
    if (answered === undefined) throw new Error('the walk did not end within a minute');
    return { answered, answers, tookMs: this.nowMs - startMs };
  }

  /** One query from node `from`, run to its end. */
  query(from: number, to: NodeAddress, body: QueryBody): Answer | QueryFailure {
    let outcome: Answer | QueryFailure | undefined;
    const finish = (result: Answer | QueryFailure): void => {
      outcome = result;
    };
    this.nodes[from]?.node.query(to, body, { onAnswer: finish, onFailure: finish }, this.nowMs);
    this.run(60_000, () => outcome !== undefined);
    if (outcome === undefined) throw new Error('the query did not end within a minute');
    return outcome;
  }
}
