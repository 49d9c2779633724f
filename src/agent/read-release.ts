/**
 * Reads and verifies the release inside a program file: is this file what its owner signed?
 *
 * @module
 */
import { PeerpatchError } from '../core/base/errors.ts';
import type { PublicKey } from '../core/keys/public-key.ts';
import { checkReleaseBytes } from '../core/release/accept.ts';
import { decodeReleaseRegion } from '../core/release/region.ts';
import { verifyRelease, type SignedRelease } from '../core/release/release.ts';
import { createMeasure, type StampedDigest } from '../core/stamp/measure.ts';
import type { OpenProgram } from '../ports/program.ts';

export interface ReadRelease {
  readonly release: SignedRelease;
  readonly measured: StampedDigest;
}

export interface MeasureOptions {
  readonly onProgress?: ((measuredBytes: number, totalBytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * @throws PeerpatchError STAMP_MISSING, STAMP_MALFORMED, VERSION_MALFORMED, RELEASE_UNSIGNED, RELEASE_BAD_SIGNATURE,
 *   RELEASE_MISMATCH, PROGRAM_UNREADABLE, CANCELLED
 */
export async function readRelease(
  program: OpenProgram,
  owner: PublicKey,
  options?: MeasureOptions,
): Promise<ReadRelease> {
  const measured = await measureProgram(program, options);
  const release = verifyRelease(owner, decodeReleaseRegion(measured.region));
  checkReleaseBytes(release, measured);
  return { release, measured };
}

/** @throws PeerpatchError STAMP_MISSING, STAMP_MALFORMED, PROGRAM_UNREADABLE, CANCELLED */
export async function measureProgram(program: OpenProgram, options: MeasureOptions = {}): Promise<StampedDigest> {
  const { onProgress, signal } = options;
  const measure = createMeasure();
  let measuredBytes = 0;
  for await (const piece of program.read()) {
    if (signal?.aborted === true) throw new PeerpatchError('CANCELLED', `stopped reading ${program.path}`);
    measure.update(piece);
    measuredBytes += piece.length;
    onProgress?.(measuredBytes, program.sizeBytes);
  }
  return measure.finish();
}
