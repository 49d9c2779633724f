/**
 * A slot: the place in the DHT where one minute's records of a topic live, and the keys that belong to it.
 *
 *   seed              H32(topic || minute u64 LE)                  Ed25519 seed of the item's key
 *   salt              the same 32 bytes
 *   encryption seed   H32(topic || minute u64 BE || secret hash)   records are sealed to this key; note: big-endian
 *
 * The salt is public and equals the seed, so every storing node can sign items of the slot: what stands in a slot proves
 * nothing. Spec: docs/spec/05-record.md.
 *
 * @module
 */
import { u64be, u64le } from '../base/bytes.ts';
import { MINUTE_MS } from '../base/units.ts';
import { ed25519Signer } from '../crypto/ed25519.ts';
import { sha512Half } from '../crypto/hash.ts';
import { x25519FromEd25519Seed, type X25519KeyPair } from '../crypto/x25519.ts';
import type { Topic } from './topic.ts';

/** The BEP 44 key of a slot's item. */
export interface SlotKey {
  /** 32 bytes, Ed25519. */
  readonly publicKey: Uint8Array;
  /** 32 bytes. */
  readonly salt: Uint8Array;
  /** 64 bytes. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** Depends on topic and minute alone: may be kept and shared. */
export interface Slot {
  readonly topicId: Uint8Array;
  /** Minutes since the Unix epoch. */
  readonly minute: number;
  readonly itemKey: SlotKey;
  /** What values of the slot are sealed to. Anyone who knows the owner's public key has it. */
  readonly encryption: X25519KeyPair;
}

/** The minute a Unix time in milliseconds falls into. */
export function minuteOf(unixMs: number): number {
  return Math.floor(unixMs / MINUTE_MS);
}

/** @param minute minutes since the Unix epoch. @throws RangeError when it is not a natural number */
export function slotAt(topic: Topic, minute: number): Slot {
  if (!Number.isSafeInteger(minute) || minute < 0) throw new RangeError(`not a minute: ${minute}`);
  const seed = sha512Half(topic.id, u64le(minute));
  const signer = ed25519Signer(seed);
  return {
    topicId: topic.id,
    minute,
    itemKey: { publicKey: signer.publicKey, salt: seed, sign: (message) => signer.sign(message) },
    encryption: x25519FromEd25519Seed(encryptionSeed(topic, minute)),
  };
}

/** The 32-byte seed of {@link Slot.encryption}. */
export function encryptionSeed(topic: Topic, minute: number): Uint8Array {
  return sha512Half(topic.id, u64be(minute), topic.secretHash);
}
