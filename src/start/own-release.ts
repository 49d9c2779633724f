/**
 * What this process runs, from the stamp in its own image: the file may have been replaced meanwhile.
 *
 * @module
 */
import type { KnownRelease } from '../agent/known-release.ts';
import { readStamp } from '../core/release/placeholder.ts';
import { verifyRelease } from '../core/release/release.ts';
import { readOwnStatement } from '../core/statement/statement.ts';
import type { PublicKey } from '../core/keys/public-key.ts';

/**
 * @param stamp anchor, release block and region, as the build's asset holds them
 * @throws PeerpatchError STAMP_MALFORMED, VERSION_MALFORMED, RELEASE_UNSIGNED, RELEASE_BAD_SIGNATURE, STATEMENT_MALFORMED,
 *   STATEMENT_BAD_SIGNATURE, STATEMENT_UNSUPPORTED
 */
export function ownRelease(owner: PublicKey, stamp: Uint8Array): KnownRelease {
  const { release, item } = readStamp(stamp);
  return { release: verifyRelease(owner, release), statement: item && readOwnStatement(owner, item) };
}
