/**
 * The stamp: what a build puts into a program so that it can be signed later. Spec: docs/spec/02-stamp.md.
 *
 * offset  size  field
 *      0    20  anchor, see stamp/marker.ts
 *     20   176  region: before signing all zero but bounds and version, see stamp/region.ts
 *
 * @module
 */
import { concatBytes, equalBytes } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';
import { ANCHOR_BYTES, anchorBytes } from '../stamp/marker.ts';
import { decodeReleaseRegion, encodeUnsignedRegion } from './region.ts';
import type { Release } from './release.ts';
import type { Version } from './version.ts';

/**
 * 196 bytes. They must stand in the program once, unchanged, not compressed.
 *
 * @throws PeerpatchError VERSION_MALFORMED when the stamp has no room for the version's text
 */
export function createPlaceholder(version: Version): Uint8Array {
  return concatBytes(anchorBytes(), encodeUnsignedRegion(version));
}

/**
 * What a signed stamp claims: a running program reads its own from its image, whatever its file has become.
 *
 * @throws PeerpatchError STAMP_MALFORMED, VERSION_MALFORMED, RELEASE_UNSIGNED
 */
export function readStamp(bytes: Uint8Array): Release {
  if (!equalBytes(bytes.subarray(0, ANCHOR_BYTES), anchorBytes())) {
    throw new PeerpatchError(
      'STAMP_MALFORMED',
      'the stamp in the program does not begin with the anchor; build it again',
    );
  }
  return decodeReleaseRegion(bytes.subarray(ANCHOR_BYTES));
}
