/**
 * The only gate: decides whether the bytes at hand are a release that may replace the running program.
 *
 * Order: the owner's signature was checked before anything was fetched (`SignedRelease`, or a statement); here the bytes are
 * compared with it, then the region inside them, then the target, then the version moves forward or not. Spec:
 * docs/spec/06-accept.md.
 *
 * @module
 */
import { equalBytes } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';
import type { ProgramFormat } from '../stamp/format.ts';
import type { StampedDigest } from '../stamp/measure.ts';
import type { PublicKey } from '../keys/public-key.ts';
import { decodeReleaseRegion, isReleaseRegion } from './region.ts';
import { verifyRelease, type SignedRelease } from './release.ts';
import { compareVersions, formatVersion, type Version } from './version.ts';

declare const accepted: unique symbol;

/**
 * A release whose bytes passed {@link acceptRelease} or {@link acceptStatedProgram}. Nothing else can make one, and nothing
 * else can be installed.
 */
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

/** What a verified statement says about the file: core/statement reduces it to this. */
export interface StatedProgram {
  readonly owner: PublicKey;
  /** The three numbers of the stated version. */
  readonly version: Version;
  readonly sizeBytes: number;
  readonly stampOffset: number;
  /** The 1104 bytes that must stand in front of the region. */
  readonly block: Uint8Array;
  /** Manifest root of the canonical image. */
  readonly root: Uint8Array;
}

/**
 * The door for releases with a statement. Whether the statement may be taken was judged before: by its version, not by
 * the region's, which pre-releases have in common.
 *
 * @param measured what was found in the bytes
 * @param root manifest root of their canonical image
 * @throws PeerpatchError STAMP_MALFORMED, VERSION_MALFORMED, RELEASE_UNSIGNED, RELEASE_BAD_SIGNATURE, RELEASE_MISMATCH,
 *   RELEASE_WRONG_TARGET
 */
export function acceptStatedProgram(
  stated: StatedProgram,
  measured: StampedDigest,
  root: Uint8Array,
  { format }: Pick<AcceptPolicy, 'format'>,
): AcceptedRelease {
  const release = checkStatedBytes(stated, measured, root);
  checkFormat(release, measured.format, format);
  return release as AcceptedRelease;
}

/**
 * Whether these bytes are the stated program, for whatever purpose.
 *
 * @returns the release in its region
 * @throws PeerpatchError STAMP_MALFORMED, VERSION_MALFORMED, RELEASE_UNSIGNED, RELEASE_BAD_SIGNATURE, RELEASE_MISMATCH
 */
export function checkStatedBytes(stated: StatedProgram, measured: StampedDigest, root: Uint8Array): SignedRelease {
  const name = `release ${formatVersion(stated.version)}`;
  const mismatch = (what: string): PeerpatchError => new PeerpatchError('RELEASE_MISMATCH', `${name}: ${what}`);
  if (measured.fileBytes !== stated.sizeBytes || !equalBytes(root, stated.root)) {
    throw mismatch("the program's bytes are not the ones the owner's statement names");
  }
  if (measured.stampOffset !== stated.stampOffset) throw mismatch('its stamp is not where the statement says');
  if (measured.block === undefined || !equalBytes(measured.block, stated.block)) {
    throw mismatch('the statement inside the program is another one');
  }
  // The root does not cover the region: it has its own signature.
  const release = verifyRelease(stated.owner, decodeReleaseRegion(measured.region));
  checkReleaseBytes(release, measured);
  if (compareVersions(release.version, stated.version) !== 0) {
    throw mismatch(`the region inside the program is of version ${formatVersion(release.version)}`);
  }
  return release;
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
    `release ${formatVersion(release.version)} is ${found ?? 'no program of a known format'}, this one is ${wanted}: its owner signs each target for itself, or, without statements, with a key of its own`,
  );
}
