/**
 * Nodes that connect inside one process: for tests of whole updates without sockets.
 *
 * Behaves as the port says, back-pressure included: a stream holds 64 KiB in each direction. No encryption, no delay.
 *
 * @module
 */
import { orAbort } from '../core/base/abort.ts';
import { isPeerpatchError, PeerpatchError } from '../core/base/errors.ts';
import { toHex } from '../core/base/hex.ts';
import { ed25519Signer } from '../core/crypto/ed25519.ts';
import type { Connection, Network, PeerAddress, Stream } from '../ports/network.ts';
import { MemoryPipe } from './memory-pipe.ts';

/** The place where nodes find each other, by their ids. */
export class MemoryNetwork {
  readonly #nodes = new Map<string, MemoryNode>();

  /** A new node. @param seed 32 bytes, the node's secret key */
  join(seed: Uint8Array): Network {
    const node = new MemoryNode(ed25519Signer(seed).publicKey, this.#nodes);
    this.#nodes.set(toHex(node.nodeId), node);
    return node;
  }
}

class MemoryNode implements Network {
  readonly nodeId: Uint8Array;
  readonly hasTransport = true;
  readonly #nodes: Map<string, MemoryNode>;
  readonly #listeners = new Map<string, (connection: Connection) => void>();
  readonly #connections = new Set<MemoryConnection>();
  #closed = false;

  constructor(nodeId: Uint8Array, nodes: Map<string, MemoryNode>) {
    this.nodeId = nodeId;
    this.#nodes = nodes;
  }

  address(): PeerAddress {
    return { nodeId: this.nodeId, addresses: [] };
  }

  async connect(peer: PeerAddress, alpn: string, signal?: AbortSignal): Promise<Connection> {
    await nextTurn();
    signal?.throwIfAborted();
    const other = this.#nodes.get(toHex(peer.nodeId));
    const listener = other === undefined ? undefined : other.#listeners.get(alpn);
    if (this.#closed || other === undefined || other === this || listener === undefined) {
      throw unreachable('nobody there who speaks this protocol');
    }
    const [here, there] = connectPair(this.nodeId, other.nodeId);
    this.#keep(here);
    other.#keep(there);
    listener(there);
    return here;
  }

  listen(alpn: string, onConnection: (connection: Connection) => void): void {
    if (this.#listeners.has(alpn)) throw new RangeError(`already listening for ${alpn}`);
    this.#listeners.set(alpn, onConnection);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#nodes.delete(toHex(this.nodeId));
    for (const connection of this.#connections) connection.close(0, 'the node closes');
    await nextTurn();
  }

  #keep(connection: MemoryConnection): void {
    this.#connections.add(connection);
    void connection.closed.then(() => this.#connections.delete(connection));
  }
}

function connectPair(from: Uint8Array, to: Uint8Array): [MemoryConnection, MemoryConnection] {
  const here = new MemoryConnection(to);
  const there = new MemoryConnection(from);
  here.other = there;
  there.other = here;
  return [here, there];
}

class MemoryConnection implements Connection {
  readonly remoteId: Uint8Array;
  readonly closed: Promise<void>;
  other: MemoryConnection | undefined;
  #ended: PeerpatchError | undefined;
  #resolveClosed: () => void = () => undefined;
  readonly #pipes: MemoryPipe[] = [];
  readonly #opened: Stream[] = [];
  #wake: () => void = () => undefined;

  constructor(remoteId: Uint8Array) {
    this.remoteId = remoteId;
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
  }

  async openStream(signal?: AbortSignal): Promise<Stream> {
    await nextTurn();
    signal?.throwIfAborted();
    if (this.#ended !== undefined) throw this.#ended;
    const { other } = this;
    if (other === undefined) throw unreachable('the connection has no other side');
    const [out, back] = [new MemoryPipe(), new MemoryPipe()];
    this.#pipes.push(out, back);
    // As on QUIC: the other side learns of a stream with its first bytes.
    out.onFirstBytes = () => {
      other.#opened.push(other.#streamOf(back, out));
      other.#wake();
    };
    return this.#streamOf(out, back);
  }

  async acceptStream(signal?: AbortSignal): Promise<Stream> {
    for (;;) {
      signal?.throwIfAborted();
      const stream = this.#opened.shift();
      if (stream !== undefined) return stream;
      if (this.#ended !== undefined) throw this.#ended;
      await orAbort(new Promise<void>((resolve) => (this.#wake = resolve)), signal);
    }
  }

  close(code: number, reason: string): void {
    this.#end(unreachable('the connection was closed here'));
    if (this.other !== undefined) this.other.#end(unreachable(`the peer closed the connection: ${reason} (${code})`));
  }

  #streamOf(out: MemoryPipe, back: MemoryPipe): Stream {
    // Both ends share the pipes, but each has its own reason for why they broke.
    const explain = (error: unknown): never => {
      throw this.#ended !== undefined && isPeerpatchError(error, 'PEER_UNREACHABLE') ? this.#ended : error;
    };
    return {
      read: (maxBytes, signal) => back.read(maxBytes, signal).catch(explain),
      write: (bytes, signal) => out.write(bytes, signal).catch(explain),
      finish: () => out.finish().catch(explain),
      delivered: (signal) => out.delivered(signal).catch(explain),
    };
  }

  #end(why: PeerpatchError): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    for (const pipe of this.#pipes) pipe.break();
    this.#wake();
    this.#resolveClosed();
  }
}

function unreachable(reason: string): PeerpatchError {
  return new PeerpatchError('PEER_UNREACHABLE', reason);
}

/** Nothing on a network happens at once: callers must not rely on it. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
