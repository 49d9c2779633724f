/**
 * A release as the content of a program's region. Spec: docs/spec/02-stamp.md.
 *
 * @module
 */
import { equalBytes } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';
import { decodeRegion, encodeRegion, VERSION_TEXT_BYTES } from '../stamp/region.ts';
import type { Release } from './release.ts';
import { formatVersion, parseVersion, type Version } from './version.ts';

/** Whether the region has room for the version's text. A cut one would be another version: no program can carry it. */
export function fitsRegion(version: Version): boolean {
  return formatVersion(version).length <= VERSION_TEXT_BYTES;
}

/** @throws PeerpatchError VERSION_MALFORMED when no region has room for it */
export function checkFitsRegion(version: Version): void {
  if (fitsRegion(version)) return;
  const text = formatVersion(version);
  throw new PeerpatchError(
    'VERSION_MALFORMED',
    `no program can carry version ${text}: it has ${text.length} characters, a program has room for ${VERSION_TEXT_BYTES}`,
  );
}

/** The 176 bytes of the region that carry this release. @throws PeerpatchError VERSION_MALFORMED when it has no room */
export function encodeReleaseRegion({ version, hash, sizeBytes, signature }: Release): Uint8Array {
  checkFitsRegion(version);
  return encodeRegion({ hash, sizeBytes, signature, versionText: formatVersion(version) });
}

/** Whether these 176 bytes are the region of this release. */
export function isReleaseRegion(region: Uint8Array, release: Release): boolean {
  return fitsRegion(release.version) && equalBytes(region, encodeReleaseRegion(release));
}

/**
 * The 176 bytes of the region before the program is signed: the version, and zeros.
 *
 * @throws PeerpatchError VERSION_MALFORMED when it has no room
 */
export function encodeUnsignedRegion(version: Version): Uint8Array {
  checkFitsRegion(version);
  const versionText = formatVersion(version);
  return encodeRegion({ hash: new Uint8Array(32), sizeBytes: 0, signature: new Uint8Array(64), versionText });
}

/**
 * What the region of a signed program claims.
 *
 * @throws PeerpatchError STAMP_MALFORMED, VERSION_MALFORMED, RELEASE_UNSIGNED for the placeholder
 */
export function decodeReleaseRegion(bytes: Uint8Array): Release {
  const { hash, sizeBytes, signature, versionText } = decodeRegion(bytes);
  const version = parseVersion(versionText);
  if (sizeBytes === 0 && [hash, signature].every((field) => field.every((byte) => byte === 0))) {
    throw new PeerpatchError(
      'RELEASE_UNSIGNED',
      `this program (version ${versionText}) is not signed yet: run "peerpatch sign" on it`,
    );
  }
  return { version, hash, sizeBytes, signature };
}

/** The version a region names, signed or not. @throws PeerpatchError STAMP_MALFORMED, VERSION_MALFORMED */
export function readRegionVersion(bytes: Uint8Array): Version {
  return parseVersion(decodeRegion(bytes).versionText);
}
