/**
 * A release as a node knows its own: the region's word, and the statement where the program carries one.
 *
 * @module
 */
import type { SignedRelease } from '../core/release/release.ts';
import { formatVersion } from '../core/release/version.ts';
import type { SignedStatement } from '../core/statement/statement.ts';

export interface KnownRelease {
  readonly release: SignedRelease;
  /** Undefined in programs of the v0 profile. */
  readonly statement: SignedStatement | undefined;
}

/** A release with a statement. */
export interface StatedRelease extends KnownRelease {
  readonly statement: SignedStatement;
}

export function isStated(known: KnownRelease): known is StatedRelease {
  return known.statement !== undefined;
}

/** The version people know it by: the statement's may be a pre-release, the region's has three numbers. */
export function versionOf({ release, statement }: KnownRelease): string {
  return statement?.version ?? formatVersion(release.version);
}
