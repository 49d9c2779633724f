/**
 * A DHT node of one address family on a real socket: drives core/dht/node with packets and time, finds its way into the
 * network and back into it.
 *
 * Survives sleep and loss of the network: as long as nobody answers, bootstrap names are resolved and asked again, less and less
 * often. Does not know about items; see mainline.ts.
 *
 * @module
 */
import { setMaxListeners } from 'node:events';
import { PeerpatchError } from '../../core/base/errors.ts';
import { MINUTE_MS, SECOND_MS } from '../../core/base/units.ts';
import { formatAddress, type Family, type NodeAddress } from '../../core/dht/address.ts';
import type { Contact } from '../../core/dht/contact.ts';
import type { Answer, QueryBody } from '../../core/dht/message.ts';
import { DhtNode, type DhtMode } from '../../core/dht/node.ts';
import type { QueryFailure } from '../../core/dht/pending-queries.ts';
import { BUCKET_SIZE } from '../../core/dht/routing-table.ts';
import { isReadableItem } from '../../core/record/slot-item.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import type { BootstrapNodes } from './bootstrap-hosts.ts';
import { openUdp, type UdpSocket } from './udp.ts';

/** How often the routing table is refreshed: nodes serve others, clients only themselves. */
const REFRESH_MS: Readonly<Record<DhtMode, number>> = { node: 5 * MINUTE_MS, client: 15 * MINUTE_MS };
/** While nobody answers: the first wait and the longest. */
const FIRST_RETRY_MS: number = 5 * SECOND_MS;
const LAST_RETRY_MS: number = 5 * MINUTE_MS;
const MAX_HINTS = 32;

export interface EndpointOptions {
  readonly family: Family;
  readonly mode: DhtMode;
  /** The IP to bind. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly keepAlive: boolean;
  readonly bootstrap: BootstrapNodes;
  readonly nodeId: Uint8Array | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly onError: (error: unknown) => void;
  /** The endpoint of the other family, once it is open. */
  readonly other: () => DhtEndpoint | undefined;
  readonly dualStack: boolean;
}

export class DhtEndpoint {
  readonly #options: EndpointOptions;
  readonly #node: DhtNode;
  readonly #closing = new AbortController();
  #socket: UdpSocket | undefined;
  #bootstrap: readonly NodeAddress[] = [];
  /** Nodes that nodes of the other family named. */
  #hints: readonly NodeAddress[] = [];
  #reachable: boolean | undefined;
  #timer: { readonly dueMs: number; readonly stop: AbortController } | undefined;
  #joined: Promise<boolean> = Promise.resolve(false);
  #maintenance: Promise<void> = Promise.resolve();

  private constructor(options: EndpointOptions) {
    this.#options = options;
    const { family, mode, nodeId, random, clock } = options;
    this.#node = new DhtNode({
      family,
      mode,
      ...(nodeId && { nodeId }),
      randomBytes: (length) => random.bytes(length),
      send: (packet, to) => this.#socket?.send(packet, to),
      nowMs: clock.monotonic(),
      mayStore: isReadableItem,
      ...(options.dualStack && {
        otherFamily: {
          closest: (target: Uint8Array, count: number) => options.other()?.closest(target, count) ?? [],
          onContacts: (contacts: readonly Contact[]) => options.other()?.offer(contacts),
        },
      }),
    });
  }

  /** Binds the socket and starts joining the network. @throws PeerpatchError DHT_BIND_FAILED */
  static async open(options: EndpointOptions): Promise<DhtEndpoint> {
    const endpoint = new DhtEndpoint(options);
    endpoint.#socket = await openUdp({
      ...options,
      onPacket: (packet, from) => {
        endpoint.#node.receive(packet, from, options.clock.monotonic());
        endpoint.#arm();
      },
    });
    endpoint.#joined = endpoint.#join();
    endpoint.#maintenance = endpoint.#maintain();
    return endpoint;
  }

  get address(): NodeAddress {
    if (this.#socket === undefined) throw new TypeError('the endpoint is not open');
    return this.#socket.address;
  }

  get nodeId(): Uint8Array {
    return this.#node.id;
  }

  /** Contacts in the routing table. */
  get contacts(): number {
    return this.#node.contacts;
  }

  get storedItems(): number {
    return this.#node.storedItems;
  }

  /** Whether some node answered the last walk; undefined before the first has ended. */
  get reachable(): boolean | undefined {
    return this.#reachable;
  }

  /** Whether the first walk into the network met anyone. */
  get joined(): Promise<boolean> {
    return this.#joined;
  }

  closest(target: Uint8Array, count: number): readonly Contact[] {
    return this.#node.closest(target, count);
  }

  /** Takes nodes named elsewhere as places to start from. */
  offer(contacts: readonly Contact[]): void {
    if (this.#node.contacts >= BUCKET_SIZE) return;
    this.#hints = [...contacts.map(({ address }) => address), ...this.#hints].slice(0, MAX_HINTS);
  }

  /**
   * Walks to `target`. Resolves with the nodes that answered, closest first; none when the network is out of reach.
   *
   * @throws PeerpatchError CANCELLED when closed, DHT_UNREACHABLE when too many walks are under way
   */
  async walk(
    target: Uint8Array,
    method: 'find_node' | 'get',
    onAnswer: (contact: Contact, answer: Answer) => void,
    signal?: AbortSignal,
  ): Promise<readonly Contact[]> {
    if (this.#node.contacts === 0 && this.#bootstrap.length === 0) await this.#resolve();
    const withBootstrap = this.#reachable !== true || this.#node.contacts < BUCKET_SIZE;
    const found = await this.#walkOnce(target, method, withBootstrap, onAnswer, signal);
    this.#reachable = found.length > 0;
    if (this.#reachable || withBootstrap) return found;
    // Every node of the table is gone, or the network was: begin again where everybody begins.
    await this.#resolve();
    const again = await this.#walkOnce(target, method, true, onAnswer, signal);
    this.#reachable = again.length > 0;
    return again;
  }

  /** Asks one node. */
  query(to: NodeAddress, body: QueryBody, signal?: AbortSignal): Promise<Answer | QueryFailure> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const onAbort = (): void => {
        reject(signal?.reason as Error);
      };
      const finish = (outcome: Answer | QueryFailure): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve(outcome);
      };
      // A walk asks many nodes under one signal: the default of ten listeners would print a warning.
      if (signal !== undefined) setMaxListeners(0, signal);
      signal?.addEventListener('abort', onAbort, { once: true });
      if (this.#closing.signal.aborted) finish({ reason: 'closed' });
      else this.#node.query(to, body, { onAnswer: finish, onFailure: finish }, this.#options.clock.monotonic());
      this.#arm();
    });
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(closed());
    this.#timer?.stop.abort();
    this.#node.close(this.#options.clock.monotonic());
    await this.#socket?.close();
    await this.#joined;
    await this.#maintenance;
  }

  #walkOnce(
    target: Uint8Array,
    method: 'find_node' | 'get',
    withBootstrap: boolean,
    onAnswer: (contact: Contact, answer: Answer) => void,
    signal?: AbortSignal,
  ): Promise<readonly Contact[]> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      this.#closing.signal.throwIfAborted();
      const stop = (reason: Error): void => {
        cancel?.();
        signal?.removeEventListener('abort', onAbort);
        reject(reason);
      };
      const onAbort = (): void => {
        stop(signal?.reason as Error);
      };
      const seeds = withBootstrap ? [...this.#bootstrap, ...this.#hints] : [];
      const onDone = (answered: readonly Contact[]): void => {
        signal?.removeEventListener('abort', onAbort);
        if (this.#closing.signal.aborted) reject(closed());
        else resolve(answered);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      const now = this.#options.clock.monotonic();
      const cancel = this.#node.walk({ target, method, seeds, onAnswer, onDone }, now);
      if (cancel === undefined)
        stop(new PeerpatchError('DHT_UNREACHABLE', 'too many DHT look-ups at once: wait for some to end'));
      this.#arm();
    });
  }

  async #join(): Promise<boolean> {
    try {
      const found = await this.walk(this.#node.id, 'find_node', () => undefined);
      return found.length > 0;
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#options.onError(error);
      return false;
    }
  }

  /** Refreshes the table, or tries to get back into the network, until closed. */
  async #maintain(): Promise<void> {
    const { clock, random, mode } = this.#options;
    const { signal } = this.#closing;
    const stopped = (): boolean => signal.aborted;
    await this.#joined;
    let retryMs = FIRST_RETRY_MS;
    while (!stopped()) {
      const waitMs = this.#reachable === true ? REFRESH_MS[mode] : retryMs;
      // Jitter: nodes that lost the network together must not come back in step.
      await clock.sleep(waitMs * (0.75 + random.fraction() / 2), signal).catch(() => undefined); // only close rejects
      if (stopped()) return;
      if (this.#reachable !== true) await this.#resolve();
      const joined = await this.#join();
      if (joined && mode === 'node') await this.#refreshFar();
      retryMs = joined ? FIRST_RETRY_MS : Math.min(retryMs * 2, LAST_RETRY_MS);
    }
  }

  async #refreshFar(): Promise<void> {
    try {
      await this.walk(this.#options.random.bytes(this.#node.id.length), 'find_node', () => undefined);
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#options.onError(error);
    }
  }

  async #resolve(): Promise<void> {
    const { bootstrap, family } = this.#options;
    const own = formatAddress(this.address);
    const found = await bootstrap.addresses(family);
    this.#bootstrap = found.filter((address) => formatAddress(address) !== own);
  }

  /** Sees to it that `tick` runs when it is due. */
  #arm(): void {
    const { clock } = this.#options;
    const dueMs = this.#closing.signal.aborted ? undefined : this.#node.wakeMs(clock.monotonic());
    // A timer that fires too early does no harm and costs less than being replaced for every packet.
    if (dueMs === undefined || (this.#timer !== undefined && this.#timer.dueMs <= dueMs)) return;
    this.#timer?.stop.abort();
    const timer = { dueMs, stop: new AbortController() };
    this.#timer = timer;
    const waitMs = Math.max(Math.ceil(dueMs - clock.monotonic()), 1);
    clock.sleep(waitMs, timer.stop.signal).then(
      () => {
        this.#timer = undefined;
        this.#node.tick(clock.monotonic());
        this.#arm();
      },
      () => undefined, // replaced by an earlier timer, or closed
    );
  }
}

function closed(): PeerpatchError {
  return new PeerpatchError('CANCELLED', 'the DHT client has been closed');
}
