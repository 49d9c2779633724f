/**
 * Authenticated connections between nodes, as the agent sees them.
 *
 * Real: io/net/iroh (QUIC). Fake: testing/memory-network. Both pass test/contract/network.
 *
 * @module
 */

/** How to reach a node. The id alone is enough where a discovery service is configured. */
export interface PeerAddress {
  /** 32 bytes, the node's Ed25519 key: what the connection authenticates. */
  readonly nodeId: Uint8Array;
  /** `host:port`, IPv6 in brackets. Hints: they may be wrong. */
  readonly addresses: readonly string[];
  readonly relayUrl?: string;
}

/**
 * Waiting methods reject with PeerpatchError PEER_UNREACHABLE when the connection is gone, and with the signal's reason as
 * soon as it aborts.
 */
export interface Connection {
  /** 32 bytes, authenticated. */
  readonly remoteId: Uint8Array;
  /** Opens a stream of bytes in both directions. The other side learns of it with the first bytes written. */
  openStream(signal?: AbortSignal): Promise<Stream>;
  /** The next stream the other side opens. An aborted call loses none: the next call gets it. */
  acceptStream(signal?: AbortSignal): Promise<Stream>;
  /** Resolves when the connection has ended, from whichever side. Never rejects. */
  readonly closed: Promise<void>;
  /**
   * Ends the connection at once; idempotent. Bytes under way may be lost, so the side that reads closes.
   *
   * @param reason for the other side's log
   */
  close(code: number, reason: string): void;
}

/**
 * A stream of bytes in both directions: one read and one write at a time. Waiting methods reject as a connection's do.
 * After an aborted write nobody knows what was sent: close the connection.
 */
export interface Stream {
  /**
   * From 1 to `maxBytes` bytes; undefined at the end of the stream, again at every later call. An aborted read loses
   * nothing: the next one gets the bytes.
   */
  read(maxBytes: number, signal?: AbortSignal): Promise<Uint8Array | undefined>;
  /** Resolves when the bytes are handed to the transport: slow peers slow the writer. Does not keep `bytes`. */
  write(bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** No more bytes will be written. */
  finish(): Promise<void>;
  /** After `finish`. Resolves when the other side has received everything, or says that it wants no more. */
  delivered(signal?: AbortSignal): Promise<void>;
}

export interface Network {
  /** 32 bytes, this node's id. */
  readonly nodeId: Uint8Array;
  /** False where there is no transport: nobody can be reached, and nobody need be told of this node. */
  readonly hasTransport: boolean;
  /** Where others can reach this node now. */
  address(): PeerAddress;
  /** Rejects with the signal's reason when it aborts. @throws PeerpatchError PEER_UNREACHABLE */
  connect(peer: PeerAddress, alpn: string, signal?: AbortSignal): Promise<Connection>;
  /** Calls back for each incoming connection with this ALPN, until `close`. Once per ALPN: RangeError for a second one. */
  listen(alpn: string, onConnection: (connection: Connection) => void): void;
  /** Ends all connections. Idempotent, bounded in time, never rejects. */
  close(): Promise<void>;
}
