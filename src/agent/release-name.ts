/**
 * What an install calls the releases it deals with: the one in place, and the one that was fetched. Spec: docs/spec/16-journal.md.
 *
 * Must be what the next start finds in its own image, or it would not know that the journal speaks of it.
 *
 * @module
 */
import { isPeerpatchError } from '../core/base/errors.ts';
import { releaseIdOf, type ReleaseName } from '../core/install/release-id.ts';
import type { PublicKey } from '../core/keys/public-key.ts';
import { decodeReleaseBlock } from '../core/stamp/block.ts';
import type { StampedDigest } from '../core/stamp/measure.ts';
import { readOwnStatement, type SignedStatement } from '../core/statement/statement.ts';
import { versionOf, type KnownRelease } from './known-release.ts';

export function releaseName(known: KnownRelease): ReleaseName {
  return { version: versionOf(known), id: releaseIdOf(known) };
}

/**
 * The statement in a program that was fetched by its region alone; undefined where there is none that this version understands.
 *
 * @param measured the program's bytes, which passed the gate
 */
export function fetchedStatement(owner: PublicKey, { block }: StampedDigest): SignedStatement | undefined {
  const item = block && decodeReleaseBlock(block);
  return item && readable(() => readOwnStatement(owner, item));
}

/** A newer version may say in its statement what this one does not understand: its own business. */
function readable(read: () => SignedStatement): SignedStatement | undefined {
  try {
    return read();
  } catch (error) {
    if (isPeerpatchError(error)) return undefined;
    throw error;
  }
}
