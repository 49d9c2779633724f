/**
 * The region: 176 bytes inside a program that say which release it is. Spec: docs/spec/02-stamp.md.
 *
 * offset  size  field
 *      0    28  bound, see marker.ts
 *     28    32  hash       SHA-512 of the program without the region, first 32 bytes
 *     60     8  size       u64 LE, length of the program without the region
 *     68    64  signature  Ed25519, see release/release.ts
 *    132    16  version    ASCII, filled with zeros on the right
 *    148    28  bound
 *
 * Knows nothing about what a version or a signature means.
 *
 * @module
 */
import { asciiBytes, concatBytes, equalBytes, u64le } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';
import { MAX_PROGRAM_BYTES } from '../base/limits.ts';
import { BOUND_BYTES, boundBytes } from './marker.ts';

export const REGION_BYTES = 176;
/** From the first byte of the first bound to the first byte of the second. */
export const BOUND_DISTANCE: number = REGION_BYTES - BOUND_BYTES;
/** Room for the version's text. */
export const VERSION_TEXT_BYTES = 16;

/** What stands between the bounds. All zero but the version in a program that was not signed yet. */
export interface RegionFields {
  /** 32 bytes. */
  readonly hash: Uint8Array;
  readonly sizeBytes: number;
  /** 64 bytes. */
  readonly signature: Uint8Array;
  /** Printable ASCII, at most 16 characters. */
  readonly versionText: string;
}

/** @throws RangeError when a field does not have its length: fields are checked where they come from */
export function encodeRegion({ hash, sizeBytes, signature, versionText }: RegionFields): Uint8Array {
  const text = asciiBytes(versionText);
  if (hash.length !== 32 || signature.length !== 64 || text.length > VERSION_TEXT_BYTES) {
    throw new RangeError('a region field has the wrong length');
  }
  const version = new Uint8Array(VERSION_TEXT_BYTES);
  version.set(text);
  return concatBytes(boundBytes(), hash, u64le(sizeBytes), signature, version, boundBytes());
}

/** @throws PeerpatchError STAMP_MALFORMED */
export function decodeRegion(bytes: Uint8Array): RegionFields {
  if (bytes.length !== REGION_BYTES) throw malformed(`expected ${REGION_BYTES} bytes, found ${bytes.length}`);
  const bound = boundBytes();
  for (const offset of [0, BOUND_DISTANCE]) {
    if (!equalBytes(bytes.subarray(offset, offset + BOUND_BYTES), bound))
      throw malformed(`no bound at offset ${offset}`);
  }
  const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(60, true);
  if (size > MAX_PROGRAM_BYTES) throw malformed(`a size of ${size.toString()} bytes is above the limit`);
  return {
    // Copies: fields must not change when the caller reuses its read buffer.
    hash: bytes.slice(28, 60),
    sizeBytes: Number(size),
    signature: bytes.slice(68, 132),
    versionText: decodeVersionText(bytes.subarray(132, BOUND_DISTANCE)),
  };
}

function decodeVersionText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const text = bytes.subarray(0, end === -1 ? bytes.length : end);
  // Bytes behind the first zero would be a second way to write the same version, and a place for anything.
  if (bytes.subarray(text.length).some((byte) => byte !== 0)) throw malformed('bytes behind the end of the version');
  if (text.some((byte) => byte < 0x20 || byte > 0x7e)) throw malformed('the version is not printable ASCII');
  return String.fromCharCode(...text);
}

function malformed(reason: string): PeerpatchError {
  return new PeerpatchError('STAMP_MALFORMED', `the program's region is damaged: ${reason}; build and sign it again`);
}
