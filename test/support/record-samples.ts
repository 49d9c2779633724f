/**
 * Owners, nodes and releases for tests of records: fixed keys, any version.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { fromHex } from '../../src/core/base/hex.ts';
import { ed25519Signer, type Ed25519Signer } from '../../src/core/crypto/ed25519.ts';
import { ownerKeyFromSeed, type OwnerKey } from '../../src/core/keys/owner-key.ts';
import type { AddressHints } from '../../src/core/record/hints.ts';
import type { Announcement } from '../../src/core/record/open.ts';
import { sealAnnouncement, sealSecrets } from '../../src/core/record/seal.ts';
import { slotAt } from '../../src/core/record/slot.ts';
import { v0Topic, type Topic } from '../../src/core/record/topic.ts';
import { signRelease, type SignedRelease } from '../../src/core/release/release.ts';
import { parseVersion } from '../../src/core/release/version.ts';

interface Vectors {
  readonly owner: { readonly seed: string };
  readonly patch: { readonly info: string };
  readonly topic: Readonly<Record<string, string>>;
  readonly slot: Readonly<Record<string, string | number>> & { readonly minute: number };
  readonly node: Readonly<Record<string, string>> & { readonly seed: string };
  readonly record: { readonly bytes: string; readonly length: number; readonly signature: string };
  readonly sealed: Readonly<Record<string, string | number>> & {
    readonly oneTimeSeed: string;
    readonly ephemeralSecretRecord: string;
    readonly ephemeralSecretKey: string;
    readonly value: string;
  };
}

/** The worked example of every v0 format. */
export const V0 = JSON.parse(readFileSync(new URL('../vectors/v0.json', import.meta.url), 'utf8')) as Vectors;

export const OWNER: OwnerKey = ownerKeyFromSeed(fromHex(V0.owner.seed));
export const STRANGER: OwnerKey = ownerKeyFromSeed(new Uint8Array(32).fill(0xee));
export const TOPIC: Topic = v0Topic(OWNER.publicKey);

/** A release signed by `key`, of a program that does not exist. */
export function releaseOf(version: string, key: OwnerKey = OWNER): SignedRelease {
  return signRelease(key, parseVersion(version), { hash: new Uint8Array(32).fill(0xab), sizeBytes: 1_000_000 });
}

/** The key of the node with this number. */
export function nodeKey(number: number): Ed25519Signer {
  return ed25519Signer(new Uint8Array(32).fill(number));
}

/** An announcement as `openAnnouncement` would return it. */
export function announcementOf(node: number, version: string, minute = 1): Announcement {
  const nodeId = nodeKey(node).publicKey;
  return { release: releaseOf(version), nodeId, peer: { nodeId, addresses: [] }, minute };
}

/** A slot value by node `node`; the one-time key follows from the node, so equal calls give equal bytes. */
export function valueOf(options: {
  readonly node: number;
  readonly minute: number;
  readonly release?: SignedRelease;
  readonly hints?: AddressHints;
}): Promise<Uint8Array> {
  const { node, minute, release = releaseOf('1.2.3'), hints = { addresses: [] } } = options;
  return sealAnnouncement({
    slot: slotAt(TOPIC, minute),
    release,
    hints,
    nodeKey: nodeKey(node),
    secrets: sealSecrets((length) => new Uint8Array(length).fill(node)),
  });
}

/** Numbers that look random and are the same in each run. */
export function repeatableRandom(seed = 1): {
  readonly fraction: () => number;
  readonly bytes: (length: number) => Uint8Array;
} {
  let state = seed;
  const next = (): number => (state = (state * 48271) % 0x7fffffff);
  return {
    fraction: () => next() / 0x7fffffff,
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
  };
}
