/**
 * A release as the content of a program's region. Spec: docs/spec/02-stamp.md.
 *
 * @module
 */
import { PeerpatchError } from '../base/errors.ts';
import { decodeRegion, encodeRegion } from '../stamp/region.ts';
import type { Release } from './release.ts';
import { formatVersion, parseVersion, type Version } from './version.ts';

/** The 176 bytes of the region that carry this release. */
export function encodeReleaseRegion({ version, hash, sizeBytes, signature }: Release): Uint8Array {
  return encodeRegion({ hash, sizeBytes, signature, versionText: formatVersion(version) });
}

/** The 176 bytes of the region before the program is signed: the version, and zeros. */
export function encodeUnsignedRegion(version: Version): Uint8Array {
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
