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
 * @param version as a text also one with a pre-release: `1.2.0-beta.1`. A signed region holds the three numbers alone.
 * @throws PeerpatchError VERSION_MALFORMED when it has no room
 */
export function encodeUnsignedRegion(version: Version | string): Uint8Array {
  const versionText = typeof version === 'string' ? version : formatVersion(version);
  if (!isVersionText(versionText)) {
    throw new PeerpatchError(
      'VERSION_MALFORMED',
      `no program can be built as version ${JSON.stringify(versionText.slice(0, 80))}: expected A.B.C or A.B.C-pre.1 of at most ${VERSION_TEXT_BYTES} characters; "peerpatch sign --app-version" takes longer ones`,
    );
  }
  return encodeRegion({ hash: new Uint8Array(32), sizeBytes: 0, signature: new Uint8Array(64), versionText });
}

function isVersionText(text: string): boolean {
  const [, numbers] = /^(\d+\.\d+\.\d+)(?:-[0-9A-Za-z.-]+)?$/.exec(text) ?? [];
  if (numbers === undefined || text.length > VERSION_TEXT_BYTES) return false;
  parseVersion(numbers);
  return true;
}

/**
 * What the region of a signed program claims.
 *
 * @throws PeerpatchError STAMP_MALFORMED, VERSION_MALFORMED, RELEASE_UNSIGNED for the placeholder
 */
export function decodeReleaseRegion(bytes: Uint8Array): Release {
  const { hash, sizeBytes, signature, versionText } = decodeRegion(bytes);
  if (sizeBytes === 0 && [hash, signature].every((field) => field.every((byte) => byte === 0))) {
    throw new PeerpatchError(
      'RELEASE_UNSIGNED',
      `this program (version ${versionText}) is not signed yet: run "peerpatch sign" on it`,
    );
  }
  return { version: parseVersion(versionText), hash, sizeBytes, signature };
}

/** The version a region names, signed or not; not the one of an unsigned pre-release. @throws PeerpatchError STAMP_MALFORMED, VERSION_MALFORMED */
export function readRegionVersion(bytes: Uint8Array): Version {
  return parseVersion(decodeRegion(bytes).versionText);
}
