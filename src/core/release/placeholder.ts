/**
 * The stamp: what a build puts into a program so that it can be signed later. Spec: docs/spec/02-stamp.md.
 *
 * offset  size  field
 *      0    20  anchor, see stamp/marker.ts
 *     20  1104  release block: zeros before signing, see stamp/block.ts
 *   1124   176  region: before signing all zero but bounds and version, see stamp/region.ts
 *
 * @module
 */
import { concatBytes, equalBytes } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';
import {
  decodeReleaseBlock,
  encodeReleaseBlock,
  PLACEHOLDER_BYTES,
  RELEASE_BLOCK_BYTES,
  type SignedItem,
} from '../stamp/block.ts';
import { ANCHOR_BYTES, anchorBytes } from '../stamp/marker.ts';
import { decodeReleaseRegion, encodeUnsignedRegion } from './region.ts';
import type { Release } from './release.ts';
import type { Version } from './version.ts';

const REGION_AT = ANCHOR_BYTES + RELEASE_BLOCK_BYTES;

/**
 * 1300 bytes. They must stand in the program once, unchanged, not compressed.
 *
 * @param version a text may name a pre-release, `1.2.0-beta.1`: what "peerpatch sign" then signs
 * @throws PeerpatchError VERSION_MALFORMED when the stamp has no room for the version's text
 */
export function createPlaceholder(version: Version | string): Uint8Array {
  return concatBytes(anchorBytes(), encodeReleaseBlock(undefined), encodeUnsignedRegion(version));
}

/** What the stamp of a signed program claims. */
export interface ReadStamp {
  readonly release: Release;
  /** The statement, unverified; undefined for a program that was signed without one. */
  readonly item: SignedItem | undefined;
}

/**
 * What a signed stamp claims: a running program reads its own from its image, whatever its file has become.
 *
 * @throws PeerpatchError STAMP_MALFORMED, VERSION_MALFORMED, RELEASE_UNSIGNED
 */
export function readStamp(bytes: Uint8Array): ReadStamp {
  if (bytes.length !== PLACEHOLDER_BYTES || !equalBytes(bytes.subarray(0, ANCHOR_BYTES), anchorBytes())) {
    throw new PeerpatchError(
      'STAMP_MALFORMED',
      'the stamp in the program does not begin with the anchor; build it again',
    );
  }
  return {
    release: decodeReleaseRegion(bytes.subarray(REGION_AT)),
    item: decodeReleaseBlock(bytes.subarray(ANCHOR_BYTES, REGION_AT)),
  };
}
