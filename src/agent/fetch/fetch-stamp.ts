/**
 * Fetches the stamp of a stated release: the only bytes of a program that its root does not cover. Spec: docs/spec/14-exchange.md.
 *
 * What can be checked before the program is here is checked: the release block is the statement's, the region is signed by the
 * owner for this version and length. Whether the region's hash is that of the program shows when the program is here.
 *
 * @module
 */
import { orAbort } from '../../core/base/abort.ts';
import { equalBytes } from '../../core/base/bytes.ts';
import { PeerpatchError } from '../../core/base/errors.ts';
import { decodeReleaseRegion } from '../../core/release/region.ts';
import { verifyRelease, type SignedRelease } from '../../core/release/release.ts';
import { compareVersions } from '../../core/release/version.ts';
import { encodeReleaseBlock, RELEASE_BLOCK_BYTES } from '../../core/stamp/block.ts';
import { regionVersion } from '../../core/statement/app-version.ts';
import { statementId } from '../../core/statement/signed-bytes.ts';
import type { SignedStatement } from '../../core/statement/statement.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Source } from '../../ports/source.ts';
import { STATEMENT_ANSWER_MS } from '../../core/base/limits.ts';
import { within } from '../deadline.ts';
import { firstGiven, type StatedSources } from './stated-sources.ts';

export interface FetchedStamp {
  /** 1280 bytes: release block and region. */
  readonly bytes: Uint8Array;
  readonly release: SignedRelease;
  /** Who sent it. */
  readonly source: Source;
}

export interface FetchStampOptions {
  readonly statement: SignedStatement;
  readonly sources: StatedSources;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** @throws PeerpatchError CONTENT_NOT_FOUND, and the signal's reason */
export function fetchStamp({ statement, sources, clock, signal }: FetchStampOptions): Promise<FetchedStamp> {
  const id = statementId(statement.item);
  return firstGiven(sources, { clock, signal }, async (source, limited) => {
    const late = (): PeerpatchError => new PeerpatchError('PEER_TIMEOUT', 'it did not send the stamp in time');
    const bytes = await within({ clock, ms: STATEMENT_ANSWER_MS, signal: limited, late }, (inTime) =>
      orAbort(source.stamp(id, inTime), inTime),
    );
    return bytes && { ...checkStamp(bytes, statement), source };
  });
}

/** @throws PeerpatchError PEER_MISBEHAVED, STAMP_MALFORMED, VERSION_MALFORMED, RELEASE_UNSIGNED, RELEASE_BAD_SIGNATURE */
function checkStamp(bytes: Uint8Array, { item, owner, version }: SignedStatement): Omit<FetchedStamp, 'source'> {
  if (!equalBytes(bytes.subarray(0, RELEASE_BLOCK_BYTES), encodeReleaseBlock(item))) {
    throw new PeerpatchError(
      'PEER_MISBEHAVED',
      `the stamp it sent for version ${version} is that of another statement`,
    );
  }
  const release = verifyRelease(owner, decodeReleaseRegion(bytes.subarray(RELEASE_BLOCK_BYTES)));
  if (compareVersions(release.version, regionVersion(version)) === 0) return { bytes, release };
  throw new PeerpatchError('PEER_MISBEHAVED', `the region it sent for version ${version} is that of another release`);
}
