/**
 * Signed programs of any length for tests of transfers, and the frames that carry them.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { fromHex } from '../../src/core/base/hex.ts';
import { ownerKeyFromSeed, type OwnerKey } from '../../src/core/keys/owner-key.ts';
import { encodeReleaseRegion, encodeUnsignedRegion } from '../../src/core/release/region.ts';
import { signRelease, type SignedRelease } from '../../src/core/release/release.ts';
import { parseVersion } from '../../src/core/release/version.ts';
import { createMeasure } from '../../src/core/stamp/measure.ts';
import { encodeFrameHead } from '../../src/core/transfer/frame.ts';

/** The worked example of every v0 format. */
export const V0 = JSON.parse(readFileSync(new URL('../vectors/v0.json', import.meta.url), 'utf8')) as {
  readonly owner: { readonly seed: string };
  readonly stamp: { readonly version: string; readonly region: string; readonly signedBytes: string };
  readonly patch: { readonly head: string; readonly frameLength: number };
  readonly slot: { readonly minute: number };
  readonly transfer: { readonly auth: string; readonly alpn: string };
};

export const OWNER: OwnerKey = ownerKeyFromSeed(fromHex(V0.owner.seed));

export interface SampleProgram {
  /** The whole file, signed. */
  readonly file: Uint8Array;
  readonly release: SignedRelease;
  /** Where the region begins. */
  readonly regionOffset: number;
}

export interface SampleOptions {
  readonly version?: string;
  /** Signed bytes. Default 1000. */
  readonly sizeBytes?: number;
  readonly owner?: OwnerKey;
}

/** The same bytes for the same options. */
export function sampleProgram({
  version = '1.1.0',
  sizeBytes = 1000,
  owner = OWNER,
}: SampleOptions = {}): SampleProgram {
  // Nothing a format would recognise: no ELF, no Mach-O, no bound by chance.
  const signedBytes = Uint8Array.from({ length: sizeBytes }, (_, index) => (index * 7 + (index >> 8) * 13 + 1) & 0x7f);
  const regionOffset = Math.floor(sizeBytes / 2);
  const withRegion = (region: Uint8Array): Uint8Array =>
    concatBytes(signedBytes.subarray(0, regionOffset), region, signedBytes.subarray(regionOffset));
  const measure = createMeasure();
  measure.update(withRegion(encodeUnsignedRegion(parseVersion(version))));
  const release = signRelease(owner, parseVersion(version), measure.finish());
  return { file: withRegion(encodeReleaseRegion(release)), release, regionOffset };
}

/** What a serving peer answers: status, length, release, file. */
export function frameOf({ file, release }: SampleProgram): Uint8Array {
  return concatBytes(encodeFrameHead(release, file.length), file);
}

/** A copy with one bit of one byte the other way round. */
export function flipped(bytes: Uint8Array, offset: number): Uint8Array {
  return bytes.with(offset, (bytes[offset] ?? 0) ^ 0x40);
}
