/**
 * Reads a slot's value, and lets nothing through that its node and its owner did not sign. The opposite of seal.ts.
 *
 * Order: lengths, the two seals, topic and minute, the node's signature, the release, the owner's signature, whether there
 * can be such a program. What comes out may steer; nothing before it may. Spec: docs/spec/05-record.md.
 *
 * @module
 */
import { isPeerpatchError, PeerpatchError } from '../base/errors.ts';
import { x25519FromEd25519Seed } from '../crypto/x25519.ts';
import type { PublicKey } from '../keys/public-key.ts';
import { fitsRegion } from '../release/region.ts';
import { verifyRelease, type SignedRelease } from '../release/release.ts';
import { formatVersion } from '../release/version.ts';
import { decodeContent } from './content.ts';
import { decodeRecord, verifyRecord, type NodeRecord } from './record.ts';
import { openMessage } from './sealed-message.ts';
import { decodeSealedValue } from './sealed-value.ts';
import type { Slot } from './slot.ts';

/** How to reach a node that announced a release. */
export interface AnnouncedPeer {
  /** 32 bytes, the node's Ed25519 key: what a connection to it authenticates. */
  readonly nodeId: Uint8Array;
  /** `host:port`, IPv6 in brackets. Hints: they may be wrong. */
  readonly addresses: readonly string[];
  readonly relayUrl?: string;
}

/** A node's word that it runs a release of the owner, reachable as `peer`. */
export interface Announcement {
  /** The owner's word. That the node has the file is only the node's. */
  readonly release: SignedRelease;
  /** 32 bytes, the same as in `peer`. */
  readonly nodeId: Uint8Array;
  readonly peer: AnnouncedPeer;
  /** The slot it was found in. */
  readonly minute: number;
}

export interface OpenAnnouncementOptions {
  readonly slot: Slot;
  readonly owner: PublicKey;
  /** The slot's value as a node gave it. */
  readonly value: Uint8Array;
}

/** @throws PeerpatchError RECORD_MALFORMED, RELEASE_MALFORMED, RELEASE_BAD_SIGNATURE: ignore this value, no other */
export async function openAnnouncement({ slot, owner, value }: OpenAnnouncementOptions): Promise<Announcement> {
  const record = await openRecord(slot, value);
  const { release: claim, hints } = decodeContent(record.content);
  const release = verifyRelease(owner, claim);
  if (!fitsRegion(release.version)) {
    // Nobody can have it: as the newest version it would hide those that can be fetched.
    const version = formatVersion(release.version);
    throw new PeerpatchError('RELEASE_MALFORMED', `no program can carry version ${version}: its text is too long`);
  }
  return {
    release,
    nodeId: record.nodeId,
    peer: { nodeId: record.nodeId, ...hints },
    minute: record.minute,
  };
}

/** The announcement in a slot's value, or undefined when it is none of this owner: anyone can write into a slot. */
export async function openOrIgnore(options: OpenAnnouncementOptions): Promise<Announcement | undefined> {
  try {
    return await openAnnouncement(options);
  } catch (error) {
    if (isPeerpatchError(error, 'RECORD_MALFORMED', 'RELEASE_MALFORMED', 'RELEASE_BAD_SIGNATURE')) return undefined;
    throw error;
  }
}

/** The record inside a value, signed by its node. @throws PeerpatchError RECORD_MALFORMED */
export async function openRecord(slot: Slot, value: Uint8Array): Promise<NodeRecord> {
  const { sealedRecord, sealedKey } = decodeSealedValue(value);
  const oneTimeSeed = await openMessage(slot.encryption, sealedKey);
  const record = decodeRecord(await openMessage(x25519FromEd25519Seed(oneTimeSeed), sealedRecord));
  verifyRecord(record, slot);
  return record;
}
