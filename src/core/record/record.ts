/**
 * A record: what a node says about itself in one slot, signed by the node.
 *
 * offset  size  field
 *      0    32  topic       id of the topic
 *     32     8  minute      u64 LE, the slot's
 *     40    32  node id     Ed25519 public key of the node: the id to dial
 *     72     n  content     see content.ts; n = length - 136
 *   72+n    64  signature   Ed25519 by the node over everything before it
 *
 * Spec: docs/spec/05-record.md. Says nothing about the content: a node's signature is not the owner's.
 *
 * @module
 */
import { concatBytes, equalBytes, u64le } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';
import { ED25519_SIGNATURE_BYTES, verifyStrict, type Ed25519Signer } from '../crypto/ed25519.ts';

const CONTENT_OFFSET = 72;
/** A record without content. */
export const RECORD_OVERHEAD_BYTES: number = CONTENT_OFFSET + ED25519_SIGNATURE_BYTES;

export interface RecordBody {
  /** 32 bytes. */
  readonly topicId: Uint8Array;
  /** Minutes since the Unix epoch. */
  readonly minute: number;
  readonly content: Uint8Array;
}

export interface NodeRecord extends RecordBody {
  /** 32 bytes. */
  readonly nodeId: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** Signs a record with the node's key. */
export function signRecord(body: RecordBody, nodeKey: Ed25519Signer): NodeRecord {
  const record = { ...body, nodeId: nodeKey.publicKey };
  return { ...record, signature: nodeKey.sign(signedBytes(record)) };
}

export function encodeRecord(record: NodeRecord): Uint8Array {
  return concatBytes(signedBytes(record), record.signature);
}

/** Splits the bytes; checks no signature. @throws PeerpatchError RECORD_MALFORMED */
export function decodeRecord(bytes: Uint8Array): NodeRecord {
  if (bytes.length < RECORD_OVERHEAD_BYTES) {
    throw new PeerpatchError(
      'RECORD_MALFORMED',
      `a record has at least ${RECORD_OVERHEAD_BYTES} bytes, got ${bytes.length}`,
    );
  }
  const minute = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(32, true);
  if (minute > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new PeerpatchError('RECORD_MALFORMED', `a record claims minute ${minute.toString()}`);
  }
  const signatureOffset = bytes.length - ED25519_SIGNATURE_BYTES;
  return {
    topicId: bytes.slice(0, 32),
    minute: Number(minute),
    nodeId: bytes.slice(40, CONTENT_OFFSET),
    content: bytes.slice(CONTENT_OFFSET, signatureOffset),
    signature: bytes.slice(signatureOffset),
  };
}

/**
 * Checks that the record belongs into the slot and is signed by the node it names.
 *
 * @throws PeerpatchError RECORD_MALFORMED
 */
export function verifyRecord(
  record: NodeRecord,
  slot: { readonly topicId: Uint8Array; readonly minute: number },
): void {
  if (!equalBytes(record.topicId, slot.topicId)) {
    throw new PeerpatchError('RECORD_MALFORMED', 'the record belongs to another topic');
  }
  // Without this, an old record could be stored again for ever.
  if (record.minute !== slot.minute) {
    throw new PeerpatchError(
      'RECORD_MALFORMED',
      `the record is for minute ${record.minute}, the slot for ${slot.minute}`,
    );
  }
  if (!verifyStrict(record.nodeId, signedBytes(record), record.signature)) {
    throw new PeerpatchError('RECORD_MALFORMED', 'the record is not signed by the node it names');
  }
}

function signedBytes({ topicId, minute, nodeId, content }: Omit<NodeRecord, 'signature'>): Uint8Array {
  return concatBytes(topicId, u64le(minute), nodeId, content);
}
