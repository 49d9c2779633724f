/**
 * The Network port over iroh: QUIC connections between nodes that know each other by key, through NAT and relays.
 *
 * Spec: docs/spec/09-transfer.md. The only folder that knows the addon. It cannot cancel anything, and it closes what the
 * garbage collector takes; both are dealt with here and in the two classes beside this one.
 *
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import { orAbort } from '../../core/base/abort.ts';
import { asciiBytes } from '../../core/base/bytes.ts';
import { PeerpatchError } from '../../core/base/errors.ts';
import { MAX_HANDSHAKES } from '../../core/base/limits.ts';
import type { Connection, Network, PeerAddress } from '../../ports/network.ts';
import { AddonCalls } from './addon-calls.ts';
import type {
  IrohAddon,
  IrohBuilder,
  IrohConnection as AddonConnection,
  IrohEndpoint,
  IrohIncoming,
} from './iroh-addon.ts';
import { fromIroh, irohEncoder, type ToIroh } from './iroh-bytes.ts';
import { IrohConnection } from './iroh-connection.ts';
import { irohError, irohReason } from './iroh-error.ts';
import { isRelayUrl, routeTo, type RelayChoice, type Route } from './peer-address.ts';

export interface IrohOptions {
  /** From `loadIroh`. */
  readonly addon: IrohAddon;
  /** 32 secret random bytes: the node's Ed25519 key. */
  readonly seed: Uint8Array;
  /** Default `n0`. */
  readonly relay?: RelayChoice | undefined;
  /** `host:port` to bind, one for each IP version at most; the other one binds all interfaces. Default: all, any port. */
  readonly bind?: readonly string[] | undefined;
}

/** Longest wait for an orderly end of all connections. */
const CLOSE_MS = 2000;
/** How often connections are looked at for unread bytes: a quarter of a second of a fast line fits into memory. */
const FLOOD_CHECK_MS = 250;

// Until `close`: the addon closes an endpoint, and every connection of it, when the garbage collector takes the object.
const open = new Set<IrohNetwork>();

/** @throws PeerpatchError TRANSPORT_UNAVAILABLE, OPTION_INVALID */
export async function openIroh({ addon, seed, relay = 'n0', bind = [] }: IrohOptions): Promise<Network> {
  const toIroh = irohEncoder(addon);
  const builder = addon.Endpoint.builder();
  chooseRelays(addon, builder, relay);
  let endpoint: IrohEndpoint;
  try {
    for (const address of bind) builder.bindAddr(address);
    builder.secretKey(toIroh(seed));
    endpoint = await builder.bind();
  } catch (cause) {
    const where = bind.length === 0 ? '' : ` on ${bind.join(', ')}`;
    throw new PeerpatchError('TRANSPORT_UNAVAILABLE', `could not open the transport${where}: ${irohReason(cause)}`, {
      cause,
    });
  }
  const network = new IrohNetwork(addon, endpoint, { toIroh, relay });
  open.add(network);
  return network;
}

class IrohNetwork implements Network {
  readonly nodeId: Uint8Array;
  readonly hasTransport = true;
  readonly #addon: IrohAddon;
  readonly #endpoint: IrohEndpoint;
  readonly #toIroh: ToIroh;
  readonly #relay: RelayChoice;
  readonly #listeners = new Map<string, (connection: Connection) => void>();
  readonly #connections = new Set<IrohConnection>();
  readonly #calls = new AddonCalls();
  #handshakes = 0;
  #accepting = false;
  #floodCheck: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(addon: IrohAddon, endpoint: IrohEndpoint, { toIroh, relay }: { toIroh: ToIroh; relay: RelayChoice }) {
    this.#addon = addon;
    this.#endpoint = endpoint;
    this.#toIroh = toIroh;
    this.#relay = relay;
    this.nodeId = fromIroh(endpoint.id().toBytes());
  }

  address(): PeerAddress {
    const here = this.#endpoint.addr();
    const relayUrl = here.relayUrl();
    const direct = here.directAddresses();
    // A machine without any network still has itself: there the wildcard sockets are reachable on loopback alone.
    const addresses = direct.length > 0 ? direct : this.#endpoint.boundSockets().map(onLoopback);
    return { nodeId: this.nodeId, addresses, ...(relayUrl !== null && { relayUrl }) };
  }

  async connect(peer: PeerAddress, alpn: string, signal?: AbortSignal): Promise<Connection> {
    signal?.throwIfAborted();
    const route = routeTo(peer, this.#relay);
    const connecting = this.#dial(peer.nodeId, route, alpn).catch((error: unknown) => {
      throw irohError('could not connect to the peer', error);
    });
    const connection = await orAbort(connecting, signal, (late) => {
      late.close(0n, []);
    });
    return this.#keep(connection);
  }

  listen(alpn: string, onConnection: (connection: Connection) => void): void {
    if (this.#listeners.has(alpn)) throw new RangeError(`already listening for ${alpn}`);
    this.#listeners.set(alpn, onConnection);
    this.#endpoint.setAlpns([...this.#listeners.keys()].map((name) => this.#toIroh(asciiBytes(name))));
    if (!this.#accepting) void this.#acceptAll();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const closed = this.#calls.track(this.#endpoint.close()).catch(() => undefined); // closed or not: nobody uses it
    const settled = closed.then(() => this.#calls.settled());
    const inTime = new AbortController();
    const timer = delay(CLOSE_MS, undefined, { signal: inTime.signal }).catch(() => undefined); // stopped: all settled
    await Promise.race([settled, timer]);
    inTime.abort();
    void settled.then(() => open.delete(this));
  }

  async #dial(nodeId: Uint8Array, { addresses, relay }: Route, alpn: string): Promise<AddonConnection> {
    const id = this.#addon.EndpointId.fromBytes(this.#toIroh(nodeId));
    const address = new this.#addon.EndpointAddr(id, relay, addresses);
    return this.#calls.track(this.#endpoint.connect(address, this.#toIroh(asciiBytes(alpn))));
  }

  /** Ends when the endpoint is closed. */
  async #acceptAll(): Promise<void> {
    this.#accepting = true;
    for (;;) {
      const incoming = await this.#calls.track(this.#endpoint.acceptNext());
      if (incoming === null) return;
      // Failed handshakes are the stranger's business and must not end this loop.
      this.#accept(incoming).catch(() => undefined);
    }
  }

  async #accept(incoming: IrohIncoming): Promise<void> {
    if (this.#handshakes >= MAX_HANDSHAKES) {
      await this.#calls.track(incoming.refuse());
      return;
    }
    this.#handshakes++;
    let connection: AddonConnection;
    try {
      const accepting = await this.#calls.track(incoming.accept());
      connection = await this.#calls.track(accepting.connect());
    } finally {
      this.#handshakes--;
    }
    const alpn = String.fromCharCode(...fromIroh(connection.alpn()));
    this.#listeners.get(alpn)?.(this.#keep(connection));
  }

  #keep(connection: AddonConnection): Connection {
    const kept = new IrohConnection(connection, { toIroh: this.#toIroh, calls: this.#calls });
    this.#connections.add(kept);
    // Only while there are connections: an idle node does not wake up for it.
    this.#floodCheck ??= setInterval(() => {
      for (const each of this.#connections) each.closeWhenFlooded();
    }, FLOOD_CHECK_MS).unref();
    void kept.closed.then(() => {
      this.#connections.delete(kept);
      if (this.#connections.size > 0) return;
      clearInterval(this.#floodCheck);
      this.#floodCheck = undefined;
    });
    return kept;
  }
}

function chooseRelays(addon: IrohAddon, builder: IrohBuilder, relay: RelayChoice): void {
  if (relay === 'n0') {
    addon.presetN0(builder);
    return;
  }
  addon.presetMinimal(builder);
  if (relay === 'none') {
    builder.relayMode(addon.RelayMode.disabled());
    return;
  }
  const wrong = relay.find((url) => !isRelayUrl(url));
  if (wrong !== undefined || relay.length === 0) {
    throw new PeerpatchError('OPTION_INVALID', `${wrong ?? 'an empty list'} is no relay: give http or https URLs`);
  }
  builder.relayMode(addon.RelayMode.customFromUrls([...relay]));
}

function onLoopback(socket: string): string {
  return socket.replace(/^0\.0\.0\.0:/, '127.0.0.1:').replace(/^\[::\]:/, '[::1]:');
}
