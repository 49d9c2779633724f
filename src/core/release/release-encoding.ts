/**
 * A release as bytes: what records and transfers carry. Spec: docs/spec/03-release.md.
 *
 * size   field
 * 1..5   version, first part     i32, postcard zigzag varint
 * 1..5   version, second part    the same
 * 1..5   version, third part     the same
 * 1..5   size                    u64, postcard varint: length of the program without the region
 *   32   hash                    SHA-512 of the program without the region, first 32 bytes
 *    1   0x40                    only in the "prefixed" form
 *   64   signature               Ed25519
 *
 * We write the "tuple" form. Some builds of rustpatcher may write the "prefixed" one, because its signature library
 * changed; a reader that knows how many bytes are there tells them apart. Does not verify the signature.
 *
 * @module
 */
import { concatBytes } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';
import { MAX_PROGRAM_BYTES } from '../base/limits.ts';
import { createPostcardReader, encodeI32, encodeU64 } from '../base/postcard.ts';
import type { Release } from './release.ts';
import { isVersion, type Version } from './version.ts';

/** How the signature stands in the bytes: as it is, or behind its length. */
export type SignatureForm = 'tuple' | 'prefixed';

export interface DecodeReleaseOptions {
  /** Where the release begins. Default 0. */
  readonly offset?: number;
  /** Default `tuple`. */
  readonly signature?: SignatureForm;
}

export interface DecodedRelease {
  readonly release: Release;
  /** Bytes the release took: what follows is the caller's. */
  readonly length: number;
}

/** The tuple form, 100 to 116 bytes. */
export function encodeRelease({ version, sizeBytes, hash, signature }: Release): Uint8Array {
  const parts = [version.major, version.minor, version.patch].map(encodeI32);
  return concatBytes(...parts, encodeU64(sizeBytes), hash, signature);
}

/** Reads a release and ignores what follows it. @throws PeerpatchError RELEASE_MALFORMED */
export function decodeReleasePrefix(bytes: Uint8Array, options: DecodeReleaseOptions = {}): DecodedRelease {
  const { offset = 0, signature: form = 'tuple' } = options;
  const reader = createPostcardReader({ bytes, offset, malformed });
  const version: Version = { major: reader.i32(), minor: reader.i32(), patch: reader.i32() };
  if (!isVersion(version)) throw malformed('a part of its version is below 0');
  const sizeBytes = reader.u64(MAX_PROGRAM_BYTES);
  const hash = reader.bytes(32);
  if (form === 'prefixed' && reader.u64(64) !== 64) throw malformed('its signature does not have 64 bytes');
  const signature = reader.bytes(64);
  return { release: { version, hash, sizeBytes, signature }, length: reader.offset - offset };
}

function malformed(reason: string): PeerpatchError {
  return new PeerpatchError('RELEASE_MALFORMED', `these bytes do not describe a release: ${reason}`);
}
