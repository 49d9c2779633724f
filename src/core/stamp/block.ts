/**
 * The release block: 1104 bytes between anchor and region that carry the owner's statement. Spec: docs/spec/02-stamp.md.
 *
 * offset  size  field
 *      0     2  length     u16 LE: L, of the value; 0: no statement, and every other byte is zero
 *      2     8  seq        u64 LE, at most 2^63 - 1
 *     10    64  signature  Ed25519
 *     74     L  value      1 to 996 bytes
 *   74+L        zeros
 *
 * Knows nothing about what the value says or who signed it: see core/statement.
 *
 * @module
 */
import { PeerpatchError } from '../base/errors.ts';
import { MAX_STATEMENT_VALUE_BYTES } from '../base/limits.ts';
import { ANCHOR_BYTES } from './marker.ts';
import { REGION_BYTES } from './region.ts';

export const RELEASE_BLOCK_BYTES = 1104;
/** Release block and region: what the canonical image has zeros for. */
export const STAMP_BYTES: number = RELEASE_BLOCK_BYTES + REGION_BYTES;
/** Anchor, release block and region: what a build puts into a program. */
export const PLACEHOLDER_BYTES: number = ANCHOR_BYTES + STAMP_BYTES;

/** BEP 44 counts in signed 64-bit integers. */
export const MAX_STATEMENT_SEQ: bigint = 2n ** 63n - 1n;

const SIGNATURE_BYTES = 64;
const VALUE_AT = 74;

/** What the owner signed, as it travels and is stored: the parts of a BEP 44 item beside key and salt. Unverified. */
export interface SignedItem {
  /** 0 to 2^63 - 1. */
  readonly seq: bigint;
  /** 64 bytes, Ed25519. */
  readonly signature: Uint8Array;
  /** A bencoded dictionary, 1 to 996 bytes. */
  readonly value: Uint8Array;
}

/** @param item undefined for a program without a statement. @throws RangeError when a field does not have its length */
export function encodeReleaseBlock(item: SignedItem | undefined): Uint8Array {
  const block = new Uint8Array(RELEASE_BLOCK_BYTES);
  if (item === undefined) return block;
  const { seq, signature, value } = item;
  if (signature.length !== SIGNATURE_BYTES || value.length < 1 || value.length > MAX_STATEMENT_VALUE_BYTES) {
    throw new RangeError('a field of the release block has the wrong length');
  }
  if (seq < 0n || seq > MAX_STATEMENT_SEQ) throw new RangeError('a sequence number has 63 bits');
  const view = new DataView(block.buffer);
  view.setUint16(0, value.length, true);
  view.setBigUint64(2, seq, true);
  block.set(signature, 10);
  block.set(value, VALUE_AT);
  return block;
}

/** The item in a block, undefined when it holds none. @throws PeerpatchError STAMP_MALFORMED */
export function decodeReleaseBlock(bytes: Uint8Array): SignedItem | undefined {
  if (bytes.length !== RELEASE_BLOCK_BYTES)
    throw malformed(`expected ${RELEASE_BLOCK_BYTES} bytes, found ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint16(0, true);
  if (length > MAX_STATEMENT_VALUE_BYTES) throw malformed(`a statement of ${length} bytes is too long`);
  const end = length === 0 ? 0 : VALUE_AT + length;
  // Padding that could hold anything would be a second way to write the same release.
  if (bytes.subarray(end).some((byte) => byte !== 0)) throw malformed('bytes behind the statement');
  if (length === 0) return undefined;
  const seq = view.getBigUint64(2, true);
  if (seq > MAX_STATEMENT_SEQ) throw malformed('its sequence number is above 63 bits');
  // Copies: fields must not change when the caller reuses its read buffer.
  return { seq, signature: bytes.slice(10, VALUE_AT), value: bytes.slice(VALUE_AT, end) };
}

function malformed(reason: string): PeerpatchError {
  return new PeerpatchError('STAMP_MALFORMED', `the program's release block is damaged: ${reason}; sign it again`);
}
