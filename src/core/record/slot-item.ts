/**
 * Whether a storing node may keep an item: nodes of rustpatcher read slots without checking lengths.
 *
 * A value in a slot that is shorter than its own length field says, or that holds a record under 136 bytes, ends the announcing
 * or updating of each of them that reads it, until it is started again. Anyone can write it, so the nodes that would hand it
 * out are where it can be stopped. A slot's item gives itself away: its salt is the seed of its key. All other items are none
 * of our business. Spec: docs/spec/05-record.md.
 *
 * @module
 */
import { equalBytes } from '../base/bytes.ts';
import { isPeerpatchError } from '../base/errors.ts';
import { ED25519_KEY_BYTES, ed25519Signer } from '../crypto/ed25519.ts';
import { itemBytes, type MutableItem } from '../dht/item.ts';
import { decodeSealedValue } from './sealed-value.ts';

/** False for an item in a slot whose lengths are not those of a sealed record. What is sealed in it is not looked at. */
export function isReadableItem(item: MutableItem, salt: Uint8Array): boolean {
  if (!isSlotItem(item, salt)) return true;
  const value = itemBytes(item);
  if (value === undefined) return false;
  try {
    decodeSealedValue(value);
    return true;
  } catch (error) {
    if (isPeerpatchError(error, 'RECORD_MALFORMED')) return false;
    throw error;
  }
}

function isSlotItem({ publicKey }: MutableItem, salt: Uint8Array): boolean {
  return salt.length === ED25519_KEY_BYTES && equalBytes(ed25519Signer(salt).publicKey, publicKey);
}
