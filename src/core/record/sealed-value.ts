/**
 * The value of a slot: a record sealed to a key used once, and that key sealed to the slot.
 *
 * offset  size  field
 *      0     4  length         u32 LE, L: 192 to 2048
 *      4     L  sealed record  sealed-message.ts, to the one-time key
 *    4+L    88  sealed key     sealed-message.ts, the one-time key's 32-byte seed, to the slot
 *
 * Spec: docs/spec/05-record.md.
 *
 * @module
 */
import { concatBytes } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';
import { MAX_SEALED_RECORD_BYTES } from '../base/limits.ts';
import { ED25519_KEY_BYTES } from '../crypto/ed25519.ts';
import { RECORD_OVERHEAD_BYTES } from './record.ts';
import { SEAL_OVERHEAD_BYTES } from './sealed-message.ts';

const LENGTH_BYTES = 4;
const SEALED_KEY_BYTES = ED25519_KEY_BYTES + SEAL_OVERHEAD_BYTES;
const MIN_SEALED_RECORD_BYTES = RECORD_OVERHEAD_BYTES + SEAL_OVERHEAD_BYTES;

export interface SealedValue {
  readonly sealedRecord: Uint8Array;
  /** 88 bytes. */
  readonly sealedKey: Uint8Array;
}

export function encodeSealedValue({ sealedRecord, sealedKey }: SealedValue): Uint8Array {
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, sealedRecord.length, true);
  return concatBytes(length, sealedRecord, sealedKey);
}

/** @throws PeerpatchError RECORD_MALFORMED */
export function decodeSealedValue(bytes: Uint8Array): SealedValue {
  if (bytes.length < LENGTH_BYTES) {
    throw new PeerpatchError('RECORD_MALFORMED', `a slot value starts with ${LENGTH_BYTES} bytes of length`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
  if (length < MIN_SEALED_RECORD_BYTES || length > MAX_SEALED_RECORD_BYTES) {
    throw new PeerpatchError('RECORD_MALFORMED', `a slot value claims a sealed record of ${length} bytes`);
  }
  const expected = LENGTH_BYTES + length + SEALED_KEY_BYTES;
  if (bytes.length !== expected) {
    throw new PeerpatchError('RECORD_MALFORMED', `a slot value should have ${expected} bytes, got ${bytes.length}`);
  }
  const keyOffset = LENGTH_BYTES + length;
  return { sealedRecord: bytes.slice(LENGTH_BYTES, keyOffset), sealedKey: bytes.slice(keyOffset) };
}
