/**
 * The topic: the name under which the nodes of one program meet, and the secret its slots derive from.
 *
 *   name          v0: ASCII "rustpatcher:" || owner's public key in z-base-32
 *                 v1: ASCII "peerpatch:" || owner's public key in z-base-32 || ":" || app || ":" || target || ":" || channel
 *   id            H32(name)
 *   secret hash   H32(SHA-512(id || ASCII "v1"))
 *
 * Everything here follows from the owner's public key: who knows it can compute all of it. Spec: docs/spec/05-record.md.
 *
 * @module
 */
import { asciiBytes } from '../base/bytes.ts';
import { sha512, sha512Half } from '../crypto/hash.ts';
import { formatPublicKey, type PublicKey } from '../keys/public-key.ts';

export interface Topic {
  /** 32 bytes. Stands in every record. */
  readonly id: Uint8Array;
  /** 32 bytes. Goes into the key that records are sealed to. */
  readonly secretHash: Uint8Array;
}

/** The topic of rustpatcher 0.2, where the owner's key is the only name. */
export function v0Topic(owner: PublicKey): Topic {
  return topicOf(`rustpatcher:${formatPublicKey(owner)}`);
}

/** The topic of releases with a statement: programs of different targets under one key never meet. */
export function statementTopic(
  owner: PublicKey,
  { app, target, channel }: { readonly app: string; readonly target: string; readonly channel: string },
): Topic {
  return topicOf(`peerpatch:${formatPublicKey(owner)}:${app}:${target}:${channel}`);
}

function topicOf(name: string): Topic {
  const id = sha512Half(asciiBytes(name));
  return { id, secretHash: sha512Half(initialSecret(id)) };
}

/** The 64 bytes whose hash is {@link Topic.secretHash}. @param topicId 32 bytes */
export function initialSecret(topicId: Uint8Array): Uint8Array {
  return sha512(topicId, asciiBytes('v1'));
}
