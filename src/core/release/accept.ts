/**
 * The only gate: decides whether the bytes at hand are a release that may replace the running program.
 *
 * Order: the owner's signature was checked before anything was fetched (`SignedRelease`); here the bytes are compared
 * with it, then the region inside them, then the target, then the version moves forward or not. Spec: docs/spec/06-accept.md.
 *
 * @module
 */
import { equalBytes } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';
import type { ProgramFormat } from '../stamp/format.ts';
import type { StampedDigest } from '../stamp/measure.ts';
import type { SignedRelease } from './release.ts';
import { isReleaseRegion } from './region.ts';
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
  if (!isReleaseRegion(measured.region, release)) {
    throw new PeerpatchError('RELEASE_MISMATCH', `${name}: the region inside the program describes another release`);
  }
}

/** What a release has to fit. */
export interface AcceptPolicy {
  /** The highest version seen so far, the running one included; undefined when there is none yet. */
  readonly above: Version | undefined;
  /** Format and processor of the program to replace; undefined where there is none, or none that is known. */
  readonly format?: ProgramFormat;
}

/**
 * @param measured what was found in the bytes
 * @throws PeerpatchError RELEASE_MISMATCH, RELEASE_WRONG_TARGET, RELEASE_NOT_NEWER
 */
export function acceptRelease(
  release: SignedRelease,
  measured: StampedDigest,
  { above, format }: AcceptPolicy,
): AcceptedRelease {
  checkReleaseBytes(release, measured);
  checkFormat(release, measured.format, format);
  if (above !== undefined && compareVersions(release.version, above) <= 0) {
    throw new PeerpatchError(
      'RELEASE_NOT_NEWER',
      `release ${formatVersion(release.version)} is not above ${formatVersion(above)}: nothing to install`,
    );
  }
  return release as AcceptedRelease;
}

/**
 * Refuses a program that this machine cannot run: two targets were signed with one key.
 *
 * @throws PeerpatchError RELEASE_WRONG_TARGET
 */
export function checkFormat(release: SignedRelease, found: ProgramFormat, wanted: ProgramFormat): void {
  if (wanted === undefined || found === wanted) return;
  throw new PeerpatchError(
    'RELEASE_WRONG_TARGET',
    `release ${formatVersion(release.version)} is ${found ?? 'no program of a known format'}, this one is ${wanted}: sign each target with a key of its own`,
  );
}
