/**
 * A release: what the owner signed about one version of a program. Spec: docs/spec/03-release.md.
 *
 * A plain `Release` is a claim. A `SignedRelease` is the owner's word, made by `verifyRelease` alone; whether any bytes
 * are that release is decided in accept.ts.
 *
 * @module
 */
import { asciiBytes, concatBytes, u64le } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';
import { sha512 } from '../crypto/hash.ts';
import { verifyStrict } from '../crypto/ed25519.ts';
import type { OwnerKey } from '../keys/owner-key.ts';
import type { PublicKey } from '../keys/public-key.ts';
import type { ProgramDigest } from '../stamp/measure.ts';
import { formatVersion, type Version } from './version.ts';

/** A claim, unverified. */
export interface Release extends ProgramDigest {
  readonly version: Version;
  /** 64 bytes, Ed25519 over {@link releaseMessage}. */
  readonly signature: Uint8Array;
}

declare const signed: unique symbol;

/** A release whose signature by the owner was verified. Nothing but {@link verifyRelease} and {@link signRelease} makes one. */
export type SignedRelease = Release & { readonly [signed]: PublicKey };

/**
 * The 64 bytes the owner signs: SHA-512 of version text, hash and size. Unambiguous, because the last 40 bytes have
 * fixed lengths. There is no domain string: the bytes are those of the v0 profile.
 */
export function releaseMessage(version: Version, digest: ProgramDigest): Uint8Array {
  return sha512(concatBytes(asciiBytes(formatVersion(version)), digest.hash, u64le(digest.sizeBytes)));
}

export function signRelease(key: OwnerKey, version: Version, digest: ProgramDigest): SignedRelease {
  const signature = key.sign(releaseMessage(version, digest));
  return { version, hash: digest.hash, sizeBytes: digest.sizeBytes, signature } as SignedRelease;
}

/** @throws PeerpatchError RELEASE_BAD_SIGNATURE */
export function verifyRelease(owner: PublicKey, release: Release): SignedRelease {
  if (!verifyStrict(owner, releaseMessage(release.version, release), release.signature)) {
    throw new PeerpatchError(
      'RELEASE_BAD_SIGNATURE',
      `release ${formatVersion(release.version)} is not signed by this owner: wrong public key, or changed after signing`,
    );
  }
  return release as SignedRelease;
}
