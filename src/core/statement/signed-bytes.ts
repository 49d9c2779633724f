/**
 * Signed statement bytes: what travels between peers and lies on mirrors. Spec: docs/spec/11-statement.md.
 *
 * offset  size  field
 *      0     8  seq        u64 LE, at most 2^63 - 1
 *      8    64  signature  Ed25519
 *     72        value      1 to 996 bytes, a bencoded dictionary
 *
 * Does not read the value and verifies nothing.
 *
 * @module
 */
import { concatBytes } from '../base/bytes.ts';
import { MAX_STATEMENT_VALUE_BYTES } from '../base/limits.ts';
import { sha256 } from '../crypto/hash.ts';
import { MAX_STATEMENT_SEQ, type SignedItem } from '../stamp/block.ts';
import { statementMalformed } from './field-reader.ts';

const HEAD_BYTES = 72;
export const MIN_SIGNED_ITEM_BYTES: number = HEAD_BYTES + 1;
export const MAX_SIGNED_ITEM_BYTES: number = HEAD_BYTES + MAX_STATEMENT_VALUE_BYTES;

/** 73 to 1068 bytes. */
export function encodeSignedItem({ seq, signature, value }: SignedItem): Uint8Array {
  const head = new Uint8Array(8);
  new DataView(head.buffer).setBigUint64(0, seq, true);
  return concatBytes(head, signature, value);
}

/**
 * The statement's id, 32 bytes: SHA-256 of its signed bytes. Names its stamp with peers and on mirrors, for the same content
 * signed again has the same root and another stamp.
 */
export function statementId(item: SignedItem): Uint8Array {
  return sha256(encodeSignedItem(item));
}

/** @throws PeerpatchError STATEMENT_MALFORMED */
export function decodeSignedItem(bytes: Uint8Array): SignedItem {
  if (bytes.length < MIN_SIGNED_ITEM_BYTES || bytes.length > MAX_SIGNED_ITEM_BYTES) {
    throw statementMalformed(
      `expected ${MIN_SIGNED_ITEM_BYTES} to ${MAX_SIGNED_ITEM_BYTES} bytes, found ${bytes.length}`,
    );
  }
  const seq = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true);
  if (seq > MAX_STATEMENT_SEQ) throw statementMalformed('its sequence number is above 63 bits');
  // Copies: fields must not change when the caller reuses its read buffer. `slice` of a Buffer would be a view.
  const own = new Uint8Array(bytes);
  return { seq, signature: own.slice(8, HEAD_BYTES), value: own.slice(HEAD_BYTES) };
}
