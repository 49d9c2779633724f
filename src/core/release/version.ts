/**
 * Versions of the v0 profile: three numbers, compared one after the other. Spec: docs/spec/03-release.md.
 *
 * Pre-release and build suffixes do not exist here, nor do negative parts and parts above 2147483647. Not every version can
 * be a program's: its region has room for 16 characters (region.ts).
 *
 * @module
 */
import { PeerpatchError } from '../base/errors.ts';

export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** Largest value of a part: an i32 on the wire. */
export const MAX_VERSION_PART: number = 2 ** 31 - 1;

/** Reads `A.B.C`, decimal, one way to write each version. @throws PeerpatchError VERSION_MALFORMED */
export function parseVersion(text: string): Version {
  const match = /^(0|[1-9]\d{0,9})\.(0|[1-9]\d{0,9})\.(0|[1-9]\d{0,9})$/.exec(text);
  const [major = -1, minor = -1, patch = -1] = match?.slice(1).map(Number) ?? [];
  const version = { major, minor, patch };
  if (!isVersion(version)) {
    throw new PeerpatchError(
      'VERSION_MALFORMED',
      `${JSON.stringify(text.slice(0, 40))} is not a version: expected A.B.C, three numbers from 0 to ${MAX_VERSION_PART} without suffix`,
    );
  }
  return version;
}

/** Whether three integers are a version. */
export function isVersion(version: Version): boolean {
  return [version.major, version.minor, version.patch].every((part) => part >= 0 && part <= MAX_VERSION_PART);
}

export function formatVersion(version: Version): string {
  return `${version.major}.${version.minor}.${version.patch}`;
}

/** Negative when `a` is older, positive when it is newer, 0 when equal: for `sort`. */
export function compareVersions(a: Version, b: Version): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

/** The functions over versions, under the name rustpatcher gives them. */
export const Version: VersionFunctions = Object.freeze({
  parse: parseVersion,
  format: formatVersion,
  compare: compareVersions,
});

export interface VersionFunctions {
  readonly parse: typeof parseVersion;
  readonly format: typeof formatVersion;
  readonly compare: typeof compareVersions;
}
