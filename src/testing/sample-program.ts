/**
 * Programs for tests: bytes that carry a stamp as "peerpatch build" puts it there, unsigned or signed. They do not run.
 *
 * @module
 */
import { concatBytes } from '../core/base/bytes.ts';
import { createCanonicalizer } from '../core/codesign/image.ts';
import type { Manifest } from '../core/content/manifest.ts';
import { createContentMeasure } from '../core/content/measure-content.ts';
import { sha512 } from '../core/crypto/hash.ts';
import type { OwnerKey } from '../core/keys/owner-key.ts';
import { createPlaceholder } from '../core/release/placeholder.ts';
import { encodeReleaseRegion, encodeUnsignedRegion, readRegionVersion } from '../core/release/region.ts';
import { signRelease, type SignedRelease } from '../core/release/release.ts';
import { parseVersion } from '../core/release/version.ts';
import { encodeReleaseBlock, RELEASE_BLOCK_BYTES } from '../core/stamp/block.ts';
import { createMeasure, type StampedDigest } from '../core/stamp/measure.ts';
import { decodeRegion, REGION_BYTES } from '../core/stamp/region.ts';
import { regionVersion } from '../core/statement/app-version.ts';
import { signStatement, type SignedStatement, type Statement } from '../core/statement/statement.ts';

export interface SampleProgramOptions {
  /** `A.B.C`. */
  readonly version: string;
  /** Length of the file, at least 1400. Default 10000. */
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

const MIN_SAMPLE_BYTES = 1400;

/** Keeps the content from being taken for a program of some system. */
const FIRST_BYTES: readonly number[] = [0x23, 0x21]; // "#!"

/**
 * A program that is not signed yet; the same bytes for the same options.
 *
 * @throws RangeError for a `sizeBytes` that has no room for the stamp; PeerpatchError VERSION_MALFORMED
 */
export function sampleProgram({ version, sizeBytes = 10_000, seed = 0 }: SampleProgramOptions): Uint8Array {
  const stamp = createPlaceholder(parseVersion(version));
  if (sizeBytes < MIN_SAMPLE_BYTES) {
    throw new RangeError(`a sample program has at least ${MIN_SAMPLE_BYTES} bytes, not ${sizeBytes}`);
  }
  const file = repeatableBytes(sizeBytes, seed);
  file.set(FIRST_BYTES);
  file.set(stamp, Math.floor((sizeBytes - stamp.length) / 2));
  return file;
}

/**
 * A signed copy of any program that carries a region, with the version that is in it. Without a statement: what stands in
 * its release block stays as it is.
 *
 * @throws PeerpatchError STAMP_MISSING, STAMP_MALFORMED, VERSION_MALFORMED
 */
export function signSample(program: Uint8Array, key: OwnerKey): SignedSample {
  const measured = measureSample(program);
  const { region, regionOffset } = measured;
  const release = signRelease(key, readRegionVersion(region), measured);
  const file = concatBytes(
    program.subarray(0, regionOffset),
    encodeReleaseRegion(release),
    program.subarray(regionOffset + REGION_BYTES),
  );
  return { file, release, regionOffset };
}

/** What the statement of a sample says beside what follows from its bytes and its name. */
export interface SampleStatement extends Partial<Omit<Statement, 'sizeBytes' | 'stampOffset' | 'root' | 'chunking'>> {
  /** Default 1. */
  readonly seq?: bigint;
}

export interface StatedSample extends SignedSample {
  readonly statement: SignedStatement;
  /** Of the canonical image. */
  readonly manifest: Manifest;
}

/**
 * A signed copy with a statement. Default: app `sample`, target `linux-x64`, channel `stable`, the version that is in the
 * program, issued at 0.
 *
 * @throws PeerpatchError STAMP_MISSING, STAMP_MALFORMED, VERSION_MALFORMED, STATEMENT_MALFORMED
 * @throws RangeError for a program without a release block
 */
export function signSampleStatement(
  program: Uint8Array,
  key: OwnerKey,
  { seq = 1n, ...fields }: SampleStatement = {},
): StatedSample {
  const { stampOffset, region, fileBytes } = measureSample(program);
  if (stampOffset === undefined) throw new RangeError('this program has no release block');
  const content = createContentMeasure('image');
  content.update(createCanonicalizer(stampOffset).update(program));
  const manifest = content.finish();
  const version = fields.version ?? decodeRegion(region).versionText;
  const statement = signStatement(
    key,
    {
      app: 'sample',
      target: 'linux-x64',
      channel: 'stable',
      issuedAt: 0,
      isCritical: false,
      deltas: [],
      mirrors: [],
      speaksV0: false,
      ...fields,
      version,
      sizeBytes: fileBytes,
      stampOffset,
      root: manifest.root,
      chunking: 1,
    },
    seq,
  );
  const stamped = program.slice();
  stamped.set(encodeReleaseBlock(statement.item), stampOffset);
  stamped.set(encodeUnsignedRegion(regionVersion(version)), stampOffset + RELEASE_BLOCK_BYTES);
  return { ...signSample(stamped, key), statement, manifest };
}

function measureSample(program: Uint8Array): StampedDigest {
  const measure = createMeasure();
  measure.update(program);
  return measure.finish();
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
