/**
 * What an install calls a release: 32 bytes in hex that no other release has. Spec: docs/spec/16-journal.md.
 *
 * A version is no name for it: two programs may be signed as 1.2.0, and a bad one must not keep the good one out.
 *
 * @module
 */
import { asciiBytes, concatBytes } from '../base/bytes.ts';
import { toHex } from '../base/hex.ts';
import { sha256 } from '../crypto/hash.ts';
import { encodeReleaseRegion } from '../release/region.ts';
import type { Release, SignedRelease } from '../release/release.ts';
import type { SignedStatement } from '../statement/statement.ts';

/** A release as journal, quarantine and kept programs name it. */
export interface ReleaseName {
  /** `1.2.3`, or `1.2.3-rc.1` */
  readonly version: string;
  /** 64 hex digits: {@link releaseIdOf}. */
  readonly id: string;
}

export interface IdentifiedRelease {
  readonly release: SignedRelease;
  /** Undefined in programs of the v0 profile. */
  readonly statement: SignedStatement | undefined;
}

/**
 * 64 hex digits: SHA-256 of root and version, or of the 176 bytes of the region where there is no statement.
 *
 * Not the statement's id: a bad release that is signed once more, for a wider rollout say, is as bad as before.
 */
export function releaseIdOf({ release, statement }: IdentifiedRelease): string {
  return statement === undefined ? unstatedReleaseId(release) : statedReleaseId(statement);
}

/** Of a program without a statement; the release may be one that nobody has verified yet: to compare, not to believe. */
export function unstatedReleaseId(release: Release): string {
  return toHex(sha256(encodeReleaseRegion(release)));
}

/** The same for a statement that nobody has verified yet: to compare, not to believe. */
export function statedReleaseId({ root, version }: { readonly root: Uint8Array; readonly version: string }): string {
  return toHex(sha256(concatBytes(root, asciiBytes(version))));
}

/** Whether a text is one that {@link releaseIdOf} may give. */
export function isReleaseId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}
