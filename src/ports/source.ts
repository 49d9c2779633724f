/**
 * A place that pages and chunks of a release come from, as the agent sees it: a peer, a mirror.
 *
 * Real: agent/fetch/peer-source (a peer over iroh), io/mirror (a folder on a web server). All pass test/contract/source. A source
 * verifies nothing: what it gives is compared with a signature or a hash by whoever asked.
 *
 * Waiting methods reject with PeerpatchError PEER_UNREACHABLE, PEER_REFUSED, PEER_TIMEOUT, PEER_TOO_SLOW or PEER_MISBEHAVED when
 * the source fails, after which it is of no more use, and with the signal's reason as soon as it aborts.
 *
 * @module
 */

/** What is kept by hash: a page of a manifest, or a chunk of content. */
export type ObjectKind = 'page' | 'chunk';

export interface Source {
  /** For logs, and to say who sent something wrong: `peer 1f2e…`, `mirror https://…`. */
  readonly name: string;
  /** How many requests at once are of use. At least 1. */
  readonly lanes: number;
  /**
   * Signed statement bytes: docs/spec/11-statement.md, 1068 at most. Undefined: it has none.
   *
   * @param key 32 bytes: the salt without its first three, for the newest of the name; or, to a peer, the hash of the file that it
   *   announces, for the one in it
   */
  statement(key: Uint8Array, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /**
   * Release block and region of a release, 1280 bytes. Undefined: it has not got them.
   *
   * @param statementId 32 bytes, of the release's statement: core/statement/signed-bytes.ts
   */
  stamp(statementId: Uint8Array, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /**
   * An object in the encoding of docs/spec/12-content.md. Undefined: it has not got it.
   *
   * @param maxBytes of the answer: what is announced to be longer is a misbehaviour
   */
  object(kind: ObjectKind, hash: Uint8Array, maxBytes: number, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** What its answers held so far. */
  readonly receivedBytes: number;
  /** Ends it; requests under way fail. Idempotent, never rejects. */
  close(): Promise<void>;
}
