/**
 * Programs for tests: bytes that carry a stamp as "peerpatch build" puts it there, unsigned or signed. They do not run.
 *
 * @module
 */
import { concatBytes } from '../core/base/bytes.ts';
import { sha512 } from '../core/crypto/hash.ts';
import type { OwnerKey } from '../core/keys/owner-key.ts';
import { createPlaceholder } from '../core/release/placeholder.ts';
import { encodeReleaseRegion, readRegionVersion } from '../core/release/region.ts';
import { signRelease, type SignedRelease } from '../core/release/release.ts';
import { parseVersion } from '../core/release/version.ts';
import { createMeasure } from '../core/stamp/measure.ts';
import { REGION_BYTES } from '../core/stamp/region.ts';

export interface SampleProgramOptions {
  /** `A.B.C`. */
  readonly version: string;
  /** Length of the file, at least 256. Default 10000. */
  readonly sizeBytes?: number;
  /** Other numbers give other bytes around the stamp. Default 0. */
  readonly seed?: number;
}

export interface SignedSample {
  /** The whole file. */
  readonly file: Uint8Array;
  readonly release: SignedRelease;
  /** Where the region begins. */
  readonly regionOffset: number;
}

/** Keeps the content from being taken for a program of some system. */
const FIRST_BYTES: readonly number[] = [0x23, 0x21]; // "#!"

/**
 * A program that is not signed yet; the same bytes for the same options.
 *
 * @throws RangeError for a `sizeBytes` that has no room for the stamp; PeerpatchError VERSION_MALFORMED
 */
export function sampleProgram({ version, sizeBytes = 10_000, seed = 0 }: SampleProgramOptions): Uint8Array {
  const stamp = createPlaceholder(parseVersion(version));
  if (sizeBytes < 256) throw new RangeError(`a sample program has at least 256 bytes, not ${sizeBytes}`);
  const file = repeatableBytes(sizeBytes, seed);
  file.set(FIRST_BYTES);
  file.set(stamp, Math.floor((sizeBytes - stamp.length) / 2));
  return file;
}

/**
 * A signed copy of any program that carries a region, with the version that is in it.
 *
 * @throws PeerpatchError STAMP_MISSING, STAMP_MALFORMED, VERSION_MALFORMED
 */
export function signSample(program: Uint8Array, key: OwnerKey): SignedSample {
  const measure = createMeasure();
  measure.update(program);
  const measured = measure.finish();
  const { region, regionOffset } = measured;
  const release = signRelease(key, readRegionVersion(region), measured);
  const file = concatBytes(
    program.subarray(0, regionOffset),
    encodeReleaseRegion(release),
    program.subarray(regionOffset + REGION_BYTES),
  );
  return { file, release, regionOffset };
}

/** Bytes that do not compress and hold no marker. */
function repeatableBytes(sizeBytes: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  const block = new Uint8Array(64);
  new DataView(block.buffer).setFloat64(0, seed);
  for (let at = 0; at < sizeBytes; at += block.length) {
    block.set(sha512(block));
    bytes.set(block.subarray(0, sizeBytes - at), at);
  }
  return bytes;
}
