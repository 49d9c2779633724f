/**
 * The Dht port on the Mainline DHT, over IPv4 and IPv6 at once.
 *
 * A look-up walks in every family that can be reached and hands out each node's answer as it arrives. Spec: docs/spec/04-dht.md.
 *
 * @module
 */
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { toHex } from '../../core/base/hex.ts';
import { formatAddress, parseIp, type Family } from '../../core/dht/address.ts';
import type { Contact } from '../../core/dht/contact.ts';
import type { HostPort } from '../../core/dht/host-port.ts';
import { isValidItem, itemTarget, signedItemOf, type ItemName, type MutableItem } from '../../core/dht/item.ts';
import { compareDistance } from '../../core/dht/node-id.ts';
import type { DhtMode } from '../../core/dht/node.ts';
import { BUCKET_SIZE } from '../../core/dht/routing-table.ts';
import type { SignedItem } from '../../core/stamp/block.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Dht, DhtGetOptions, ItemKey, SignedStoringNode, StoringNode } from '../../ports/dht.ts';
import type { Random } from '../../ports/random.ts';
import { bootstrapNodes, mayHaveFamily, resolveName, type ResolveName } from './bootstrap-hosts.ts';
import { DhtEndpoint } from './endpoint.ts';
import { signedStoringNode, storingNode, type AnsweringNode } from './storing-node.ts';

export type { DhtMode, HostPort };

export interface MainlineDhtOptions {
  /** The first nodes to ask. A node that starts a network of its own has none. */
  readonly bootstrap: readonly HostPort[];
  /** Default `client`: asks only. `node`: answers and stores for others too. */
  readonly mode?: DhtMode;
  /** The IP to bind; it decides the family. Default: every address of both families. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default: those the bootstrap nodes can have. */
  readonly families?: readonly Family[];
  /** 20 bytes. Default: random. */
  readonly nodeId?: Uint8Array;
  readonly random: Random;
  readonly clock: Clock;
  /** Whether the open sockets keep the process alive. Default false. */
  readonly keepAlive?: boolean;
  /** Failures that no call reports: a socket lost, a bootstrap name without an address. */
  readonly onError?: (error: unknown) => void;
  /** Looks up bootstrap names. Default: the system. */
  readonly resolve?: ResolveName;
  /** Aborting it closes the client. */
  readonly signal?: AbortSignal;
}

/** After one family's walk has ended: how long another in which nobody answered yet is waited for. */
const SILENT_FAMILY_MS = 300;

type FamilyWalk = (endpoint: DhtEndpoint, signal: AbortSignal, onMet: () => void) => Promise<unknown>;

const ANY_HOST: Readonly<Record<Family, string>> = { ipv4: '0.0.0.0', ipv6: '::' };

export class MainlineDht implements Dht {
  readonly #endpoints: DhtEndpoint[] = [];
  readonly #clock: Clock;

  private constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Binds the sockets and starts joining the network, without waiting for it: look-ups work at once.
   *
   * @throws PeerpatchError DHT_BIND_FAILED, OPTION_INVALID
   */
  static async open(options: MainlineDhtOptions): Promise<MainlineDht> {
    const { bootstrap, mode = 'client', host, port = 0, random, clock, signal } = options;
    signal?.throwIfAborted();
    const onError = options.onError ?? (() => undefined);
    const families = chooseFamilies(options);
    const nodes = bootstrapNodes({ hosts: bootstrap, families, resolve: options.resolve ?? resolveName, onError });
    const dht = new MainlineDht(clock);
    const failures: unknown[] = [];
    for (const family of families) {
      const other = (): DhtEndpoint | undefined =>
        dht.#endpoints.find((endpoint) => endpoint.address.family !== family);
      try {
        const endpoint = await DhtEndpoint.open({
          family,
          mode,
          host: host ?? ANY_HOST[family],
          port,
          keepAlive: options.keepAlive ?? false,
          bootstrap: nodes,
          nodeId: options.nodeId,
          clock,
          random,
          onError,
          other,
          dualStack: families.length > 1,
        });
        dht.#endpoints.push(endpoint);
      } catch (error) {
        failures.push(error);
      }
    }
    // A system without IPv6 is normal; a system with neither family is not.
    if (dht.#endpoints.length === 0) throw failures[0];
    failures.forEach(onError);
    signal?.addEventListener('abort', () => void dht.close().catch(onError), { once: true });
    return dht;
  }

  /** Where it listens: `127.0.0.1:6881`, `[::]:6881`. */
  get addresses(): readonly string[] {
    return this.#endpoints.map((endpoint) => formatAddress(endpoint.address));
  }

  /** Contacts in the routing tables. */
  get contacts(): number {
    return this.#endpoints.reduce((sum, endpoint) => sum + endpoint.contacts, 0);
  }

  /** Items held for others: 0 in client mode. */
  get storedItems(): number {
    return this.#endpoints.reduce((sum, endpoint) => sum + endpoint.storedItems, 0);
  }

  /**
   * Resolves when the client has met the network. Look-ups need not wait for it.
   *
   * @throws PeerpatchError DHT_UNREACHABLE when the first attempt met nobody; attempts go on
   */
  async ready(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const outcomes = this.#endpoints.map(async ({ joined }) => {
      if (!(await joined)) throw unreachable(this.addresses);
    });
    const aborted = new Promise<never>((_, reject) => {
      signal?.addEventListener(
        'abort',
        () => {
          reject(signal.reason as Error);
        },
        { once: true },
      );
    });
    try {
      await Promise.race([Promise.any(outcomes), aborted]);
    } catch (error) {
      throw error instanceof AggregateError ? unreachable(this.addresses) : error;
    }
  }

  get(key: ItemKey, options: DhtGetOptions = {}): Promise<readonly StoringNode[]> {
    return this.#find(key, (node) => storingNode(key, node), options);
  }

  getSigned(name: ItemName, options: DhtGetOptions<SignedStoringNode> = {}): Promise<readonly SignedStoringNode[]> {
    return this.#find(name, (node) => signedStoringNode(name, node), options);
  }

  async close(): Promise<void> {
    await Promise.all(this.#endpoints.map((endpoint) => endpoint.close()));
  }

  /** Walks to the item; `asNode` makes of each answer what the caller gets. */
  async #find<Node extends StoringNode | SignedStoringNode>(
    name: ItemName,
    asNode: (node: AnsweringNode) => Node,
    { signal, onNode }: DhtGetOptions<Node>,
  ): Promise<readonly Node[]> {
    signal?.throwIfAborted();
    const target = itemTarget(name.publicKey, name.salt);
    const open = itemReader(name);
    const found: { readonly contact: Contact; readonly node: Node }[] = [];
    const walkIn: FamilyWalk = (endpoint, walkSignal, onMet) =>
      endpoint.walk(
        target,
        'get',
        (contact, { item, token }) => {
          onMet();
          const { address } = contact;
          const node = asNode({ endpoint, address, target, item: item && open(item), token, clock: this.#clock });
          found.push({ contact, node });
          onNode?.(node);
        },
        walkSignal,
      );
    await this.#walkFamilies(walkIn, signal);
    if (found.length === 0) throw unreachable(this.addresses);
    found.sort((a, b) => compareDistance(target, a.contact.id, b.contact.id));
    // Farther nodes that were met on the way count only if they hold something.
    return found.filter(({ node }, index) => index < BUCKET_SIZE || node.item !== undefined).map(({ node }) => node);
  }

  /** Walks in all families at once, without letting one in which nobody answers hold up the others. */
  async #walkFamilies(walk: FamilyWalk, signal: AbortSignal | undefined): Promise<void> {
    const hopeful = this.#endpoints.filter((endpoint) => endpoint.reachable !== false);
    const silent = new Map<DhtEndpoint, AbortController>();
    const done = new AbortController();
    const giveUpSilent = async (): Promise<void> => {
      await this.#clock.sleep(SILENT_FAMILY_MS, done.signal);
      for (const stop of silent.values()) stop.abort(unreachable(this.addresses));
    };
    const walks = (hopeful.length > 0 ? hopeful : this.#endpoints).map(async (endpoint) => {
      const stop = new AbortController();
      silent.set(endpoint, stop);
      const either = signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]);
      await walk(endpoint, either, () => silent.delete(endpoint));
      // Only a walk that met somebody shows that there is a network; the sleep ends with the others.
      if (!silent.has(endpoint)) void giveUpSilent().catch(() => undefined);
    });
    const outcomes = await Promise.allSettled(walks);
    done.abort();
    signal?.throwIfAborted();
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected' && !isPeerpatchError(outcome.reason, 'DHT_UNREACHABLE')) throw outcome.reason;
    }
  }
}

/** Opens items under one name; equal items are verified once, however many nodes hold them. */
function itemReader({ publicKey, salt }: ItemName): (item: MutableItem) => SignedItem | undefined {
  const verified = new Map<string, SignedItem | undefined>();
  return (item) => {
    const text = `${toHex(item.signature)}.${item.seq.toString()}.${toHex(item.encodedValue)}.${toHex(item.publicKey)}`;
    if (!verified.has(text)) verified.set(text, isValidItem(item, publicKey, salt) ? signedItemOf(item) : undefined);
    return verified.get(text);
  };
}

function chooseFamilies({ host, families, bootstrap, mode }: MainlineDhtOptions): readonly Family[] {
  if (host !== undefined) {
    const ip = parseIp(host);
    if (ip === undefined) {
      throw new PeerpatchError(
        'OPTION_INVALID',
        `${JSON.stringify(host)} is not an IP address to listen on: use 127.0.0.1, 0.0.0.0 or ::`,
      );
    }
    return [ip.length === 4 ? 'ipv4' : 'ipv6'];
  }
  if (families !== undefined) return families;
  const all: readonly Family[] = ['ipv4', 'ipv6'];
  const useful = all.filter((family) => bootstrap.some((entry) => mayHaveFamily(entry, family)));
  return mode === 'node' || useful.length === 0 ? all : useful;
}

function unreachable(addresses: readonly string[]): PeerpatchError {
  return new PeerpatchError(
    'DHT_UNREACHABLE',
    `no DHT node answered (asked from ${addresses.join(', ')}): check the network, the firewall for UDP, and the bootstrap addresses`,
  );
}
