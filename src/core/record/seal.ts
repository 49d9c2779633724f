/**
 * Makes the value a node stores in a slot: its record, sealed. The opposite of open.ts. Spec: docs/spec/05-record.md.
 *
 * @module
 */
import { MAX_ITEM_VALUE_BYTES } from '../base/limits.ts';
import type { Ed25519Signer } from '../crypto/ed25519.ts';
import { x25519FromEd25519Seed } from '../crypto/x25519.ts';
import type { SignedRelease } from '../release/release.ts';
import { encodeContent } from './content.ts';
import type { AddressHints } from './hints.ts';
import { encodeRecord, signRecord, type NodeRecord } from './record.ts';
import { sealMessage } from './sealed-message.ts';
import { encodeSealedValue } from './sealed-value.ts';
import type { Slot } from './slot.ts';

/** BEP 44 counts the bencoding of the value as well: "996:" and 996 bytes. */
export const MAX_SLOT_VALUE_BYTES: number = MAX_ITEM_VALUE_BYTES - 4;

/** Three times 32 random bytes, for one value alone. */
export interface SealSecrets {
  /** Seed of the one-time key the record is sealed to. */
  readonly oneTimeSeed: Uint8Array;
  /** HPKE ephemeral key for the record. */
  readonly recordEphemeral: Uint8Array;
  /** HPKE ephemeral key for the one-time seed. */
  readonly keyEphemeral: Uint8Array;
}

/** @param randomBytes the given number of bytes fit for keys */
export function sealSecrets(randomBytes: (length: number) => Uint8Array): SealSecrets {
  return { oneTimeSeed: randomBytes(32), recordEphemeral: randomBytes(32), keyEphemeral: randomBytes(32) };
}

export interface SealAnnouncementOptions {
  readonly slot: Slot;
  readonly release: SignedRelease;
  readonly hints: AddressHints;
  /** The key the node's connections authenticate with: its public key is the id to dial. */
  readonly nodeKey: Ed25519Signer;
  readonly secrets: SealSecrets;
}

/** The value to store in the slot, at most 996 bytes. */
export async function sealAnnouncement(options: SealAnnouncementOptions): Promise<Uint8Array> {
  const { slot, nodeKey, secrets } = options;
  const content = encodeContent(options);
  return sealRecord(slot, signRecord({ topicId: slot.topicId, minute: slot.minute, content }, nodeKey), secrets);
}

/** Seals a record as it is. @throws RangeError when the value would be longer than 996 bytes */
export async function sealRecord(slot: Slot, record: NodeRecord, secrets: SealSecrets): Promise<Uint8Array> {
  const [sealedRecord, sealedKey] = await Promise.all([
    sealMessage({
      recipientPublicKey: x25519FromEd25519Seed(secrets.oneTimeSeed).publicKey,
      ephemeralPrivateKey: secrets.recordEphemeral,
      plaintext: encodeRecord(record),
    }),
    sealMessage({
      recipientPublicKey: slot.encryption.publicKey,
      ephemeralPrivateKey: secrets.keyEphemeral,
      plaintext: secrets.oneTimeSeed,
    }),
  ]);
  const value = encodeSealedValue({ sealedRecord, sealedKey });
  if (value.length > MAX_SLOT_VALUE_BYTES) throw new RangeError(`a slot holds no value of ${value.length} bytes`);
  return value;
}
