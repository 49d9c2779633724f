/**
 * The only gate: decides whether the bytes at hand are a release that may replace the running program.
 *
 * Order: the owner's signature was checked before anything was fetched (`SignedRelease`); here the bytes are compared
 * with it, then the region inside them, then the version moves forward or not. Spec: docs/spec/06-accept.md.
 *
 * @module
 */
import { equalBytes } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';
import type { StampedDigest } from '../stamp/measure.ts';
import type { SignedRelease } from './release.ts';
import { encodeReleaseRegion } from './region.ts';
import { compareVersions, formatVersion, type Version } from './version.ts';

declare const accepted: unique symbol;

/** A release whose bytes passed {@link acceptRelease}. Nothing else can make one, and nothing else can be installed. */
export type AcceptedRelease = SignedRelease & { readonly [accepted]: true };

/**
 * Whether these are the bytes of this release, for whatever purpose.
 *
 * @param measured what was found in the bytes
 * @throws PeerpatchError RELEASE_MISMATCH
 */
export function checkReleaseBytes(release: SignedRelease, measured: StampedDigest): void {
  const name = `release ${formatVersion(release.version)}`;
  if (measured.sizeBytes !== release.sizeBytes || !equalBytes(measured.hash, release.hash)) {
    throw new PeerpatchError('RELEASE_MISMATCH', `${name}: the program's bytes are not the ones the owner signed`);
  }
  // The region is not hashed: without this check its 120 payload bytes would be anyone's.
  if (!equalBytes(measured.region, encodeReleaseRegion(release))) {
    throw new PeerpatchError('RELEASE_MISMATCH', `${name}: the region inside the program describes another release`);
  }
}

/**
 * @param measured what was found in the bytes
 * @param above the highest version seen so far, the running one included; undefined when there is none yet
 * @throws PeerpatchError RELEASE_MISMATCH, RELEASE_NOT_NEWER
 */
export function acceptRelease(
  release: SignedRelease,
  measured: StampedDigest,
  above: Version | undefined,
): AcceptedRelease {
  checkReleaseBytes(release, measured);
  if (above !== undefined && compareVersions(release.version, above) <= 0) {
    throw new PeerpatchError(
      'RELEASE_NOT_NEWER',
      `release ${formatVersion(release.version)} is not above ${formatVersion(above)}: nothing to install`,
    );
  }
  return release as AcceptedRelease;
}
