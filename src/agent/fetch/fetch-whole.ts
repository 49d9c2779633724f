/**
 * The way to a stated release as one file, from a peer that serves it whole: docs/spec/09-transfer.md.
 *
 * What a peer announces is signed by the owner and names the file by its hash, so no stamp is needed. Files of other releases may
 * have the same three numbers; whether a file is the stated one shows when it is here.
 *
 * @module
 */
import { equalBytes } from '../../core/base/bytes.ts';
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import type { Announcement } from '../../core/record/open.ts';
import { compareVersions } from '../../core/release/version.ts';
import { checkStatement } from '../../core/statement/accept.ts';
import { compareAppVersions, regionVersion } from '../../core/statement/app-version.ts';
import type { SignedStatement } from '../../core/statement/statement.ts';
import { REGION_BYTES } from '../../core/stamp/region.ts';
import { isOwnFailure } from '../candidate.ts';
import { fetchRelease, type FetchedRelease } from './fetch.ts';
import { peerName } from './peer-source.ts';
import type { WayOptions, WayResult } from './way.ts';

/**
 * @throws PeerpatchError CONTENT_NOT_FOUND (its cause: what the last peer failed with, which says nothing of the release),
 *   RELEASE_NOT_NEWER, INSTALL_*, and the signal's reason
 */
export async function fetchWhole(options: WayOptions): Promise<WayResult> {
  const { statement, above, stamp, sources, signal, foreignFiles } = options;
  // Here and not by the region's three numbers, which pre-releases have in common.
  if (above !== undefined && compareAppVersions(statement.version, above) <= 0) {
    throw new PeerpatchError(
      'RELEASE_NOT_NEWER',
      `release ${statement.version} is not above ${above}: nothing to fetch`,
    );
  }
  let failure: PeerpatchError | undefined;
  for (const { release, peer } of wholeFiles(options)) {
    const from = peerName(peer);
    if (sources.isDropped(from) || foreignFiles.has(statement, release.hash)) continue;
    const isAsStamped = stamp !== undefined && equalBytes(release.hash, stamp.release.hash);
    let fetched: FetchedRelease;
    try {
      fetched = await fetchFrom(peer, release, options);
    } catch (error) {
      signal.throwIfAborted();
      if (!isPeerpatchError(error) || isOwnFailure(error)) throw error;
      sources.drop({ name: from }, error);
      failure = error;
      continue;
    }
    const { staged, measured, root, receivedBytes } = fetched;
    try {
      // Where none was computed it is believed, as in a program of one's own: the release's hash covers the same bytes.
      checkStatement(statement, measured, root ?? statement.root);
    } catch (error) {
      await staged.discard();
      if (!isPeerpatchError(error)) throw error;
      // The peer sent what it announced: a pre-release, say. Whoever gave its region as that of this release lied.
      foreignFiles.add(statement, release.hash);
      if (isAsStamped) sources.drop(stamp.source, foreignStamp(statement.version));
      failure = error;
      continue;
    }
    if (stamp !== undefined && !isAsStamped) sources.drop(stamp.source, foreignStamp(statement.version));
    return { staged, release: fetched.release, whole: { receivedBytes, from } };
  }
  throw new PeerpatchError(
    'CONTENT_NOT_FOUND',
    failure === undefined
      ? 'no peer announces the whole file of this release'
      : `no peer gave the whole file of this release: ${failure.message}`,
    { cause: failure },
  );
}

/** Those that could be it, most likely first: the stamp names one of them, and may be wrong. */
function wholeFiles({ statement, stamp, peers }: WayOptions): readonly Announcement[] {
  const version = regionVersion(statement.version);
  const isStamped = ({ release }: Announcement): boolean =>
    stamp !== undefined && equalBytes(release.hash, stamp.release.hash);
  const offered = peers.filter(
    ({ release }) => compareVersions(release.version, version) === 0 && isOfSize(release.sizeBytes, statement),
  );
  return [...offered.filter(isStamped), ...offered.filter((each) => !isStamped(each))];
}

/** @param hashedBytes all but the region; of a Mach-O program all but the code signature, too */
function isOfSize(hashedBytes: number, { sizeBytes, target }: SignedStatement): boolean {
  const isMachO = target.startsWith('darwin-');
  return isMachO ? hashedBytes + REGION_BYTES <= sizeBytes : hashedBytes + REGION_BYTES === sizeBytes;
}

function fetchFrom(
  peer: Announcement['peer'],
  release: Announcement['release'],
  { statement, network, store, clock, format, signal, onProgress }: WayOptions,
): Promise<FetchedRelease> {
  return fetchRelease({
    network,
    store,
    clock,
    owner: statement.owner,
    release,
    above: undefined, // looked at above
    format,
    peer,
    stampOffset: statement.stampOffset,
    signal,
    onProgress: (receivedBytes, totalBytes) => {
      onProgress(receivedBytes, totalBytes, peerName(peer));
    },
  });
}

function foreignStamp(version: string): PeerpatchError {
  return new PeerpatchError('PEER_MISBEHAVED', `the stamp it sent for version ${version} is that of another program`);
}
