/**
 * BEP 44 mutable items: where they live, what is signed, whether an item is what it claims to be.
 *
 * target  SHA-1(public key || salt), 20 bytes
 * signed  [ 4:salt <length>:<salt> ] 3:seqi<seq>e 1:v <bencoded value>      the bracket only when there is a salt
 *
 * Signatures are checked strictly (core/crypto/ed25519). Spec: docs/spec/04-dht.md.
 *
 * @module
 */
import { asciiBytes, concatBytes, equalBytes } from '../base/bytes.ts';
import { MAX_ITEM_SALT_BYTES, MAX_ITEM_VALUE_BYTES } from '../base/limits.ts';
import { verifyStrict } from '../crypto/ed25519.ts';
import { sha1 } from '../crypto/hash.ts';
import type { SignedItem } from '../stamp/block.ts';
import { decodeBencode, encodeBencode, MAX_INTEGER, MIN_INTEGER } from './bencode.ts';

/** A mutable item as it travels, unverified unless said otherwise. */
export interface MutableItem {
  /** 32 bytes, Ed25519. */
  readonly publicKey: Uint8Array;
  /** A signed 64-bit integer. */
  readonly seq: bigint;
  /** 64 bytes. */
  readonly signature: Uint8Array;
  /** The value with its bencoding: any bencoded type. */
  readonly encodedValue: Uint8Array;
}

/** The DHT key of an item: 20 bytes. */
export function itemTarget(publicKey: Uint8Array, salt: Uint8Array): Uint8Array {
  return sha1(publicKey, salt);
}

/** The bytes an item's signature is over. */
export function itemMessage(salt: Uint8Array, seq: bigint, encodedValue: Uint8Array): Uint8Array {
  const head = `3:seqi${seq.toString()}e1:v`;
  if (salt.length === 0) return concatBytes(asciiBytes(head), encodedValue);
  return concatBytes(asciiBytes(`4:salt${salt.length}:`), salt, asciiBytes(head), encodedValue);
}

/** Whether an item may be shown as the one stored under `publicKey` and `salt`. */
export function isValidItem(item: MutableItem, publicKey: Uint8Array, salt: Uint8Array): boolean {
  // The key first: a node may answer with any correctly signed item of anyone.
  if (!equalBytes(item.publicKey, publicKey)) return false;
  if (item.encodedValue.length > MAX_ITEM_VALUE_BYTES || salt.length > MAX_ITEM_SALT_BYTES) return false;
  return verifyStrict(publicKey, itemMessage(salt, item.seq, item.encodedValue), item.signature);
}

/** The byte string inside an item, a copy, or undefined when its value is of another type. */
export function itemBytes(item: MutableItem): Uint8Array | undefined {
  const value = decodeBencode(item.encodedValue);
  // Not slice: a packet is a Buffer, whose slice is a view.
  return value instanceof Uint8Array ? new Uint8Array(value) : undefined;
}

/** What an item's owner signed, a copy to pass on, or undefined when its value is not a byte string. */
export function signedItemOf(item: MutableItem): SignedItem | undefined {
  const value = itemBytes(item);
  return value && { seq: item.seq, signature: new Uint8Array(item.signature), value };
}

/** What names a mutable item. Answers under another key are dropped. */
export interface ItemName {
  /** 32 bytes, Ed25519. */
  readonly publicKey: Uint8Array;
  /** At most 64 bytes. */
  readonly salt: Uint8Array;
}

export interface SignItemOptions extends ItemName {
  readonly sign: (message: Uint8Array) => Uint8Array;
  readonly seq: bigint;
  /** The byte string to store. */
  readonly value: Uint8Array;
}

/** Makes an item. @throws RangeError for a salt, seq or value no node would store */
export function signItem({ publicKey, salt, sign, seq, value }: SignItemOptions): MutableItem {
  const encodedValue = encodeBencode(value);
  checkItem(salt, seq, encodedValue);
  return { publicKey, seq, signature: sign(itemMessage(salt, seq, encodedValue)), encodedValue };
}

/**
 * The item that somebody signed elsewhere, as it is put. The signature is not looked at: the nodes do that.
 *
 * @throws RangeError for a salt, seq or value no node would store
 */
export function itemOf({ publicKey, salt }: ItemName, { seq, signature, value }: SignedItem): MutableItem {
  const encodedValue = encodeBencode(value);
  checkItem(salt, seq, encodedValue);
  return { publicKey, seq, signature, encodedValue };
}

function checkItem(salt: Uint8Array, seq: bigint, encodedValue: Uint8Array): void {
  if (encodedValue.length > MAX_ITEM_VALUE_BYTES) {
    throw new RangeError(`a DHT value has at most ${MAX_ITEM_VALUE_BYTES} bytes bencoded, got ${encodedValue.length}`);
  }
  if (salt.length > MAX_ITEM_SALT_BYTES) {
    throw new RangeError(`a DHT salt has at most ${MAX_ITEM_SALT_BYTES} bytes, got ${salt.length}`);
  }
  if (seq > MAX_INTEGER || seq < MIN_INTEGER) throw new RangeError('a DHT sequence number has 64 bits');
}
