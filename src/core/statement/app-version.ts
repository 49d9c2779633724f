/**
 * Versions in statements: semantic versions 2.0, pre-releases included. Spec: docs/spec/11-statement.md.
 *
 * No build metadata: it has no place in the order, so two releases could not be told apart. The region carries the three
 * numbers of it alone (core/release/version).
 *
 * @module
 */
import compare from 'semver/functions/compare.js';
import parse from 'semver/functions/parse.js';
import { isPeerpatchError, PeerpatchError } from '../base/errors.ts';
import { checkFitsRegion } from '../release/region.ts';
import { parseVersion, type Version } from '../release/version.ts';

export const MAX_APP_VERSION_CHARACTERS = 64;

/**
 * Checks that a text is the one way to write a version.
 *
 * @returns the text
 * @throws PeerpatchError VERSION_MALFORMED also for numbers the region cannot hold
 */
export function parseAppVersion(text: string): string {
  const parsed = text.length > MAX_APP_VERSION_CHARACTERS ? null : parse(text);
  // The library reads more than one text for a version: "v1.0.0", " 1.0.0".
  if (parsed?.version !== text) {
    throw new PeerpatchError(
      'VERSION_MALFORMED',
      `${JSON.stringify(text.slice(0, 80))} is not a version: expected a semantic version such as 1.2.0 or 1.2.0-beta.1, without build metadata, of at most ${MAX_APP_VERSION_CHARACTERS} characters`,
    );
  }
  checkFitsRegion(regionVersion(text));
  return text;
}

/** Whether {@link parseAppVersion} takes it. */
export function isAppVersion(text: string): boolean {
  try {
    parseAppVersion(text);
    return true;
  } catch (error) {
    if (isPeerpatchError(error, 'VERSION_MALFORMED')) return false;
    throw error;
  }
}

/** Negative when `a` is older, positive when it is newer, 0 when equal: for `sort`. Both must be versions. */
export function compareAppVersions(a: string, b: string): number {
  return compare(a, b);
}

/** The three numbers in front of a pre-release's suffix. @throws PeerpatchError VERSION_MALFORMED */
export function regionVersion(text: string): Version {
  return parseVersion(text.split('-', 1)[0] ?? '');
}
