/**
 * Signs a program: writes the owner's word about its bytes and version into its region.
 *
 * Works on a copy beside the program. What is hashed is compared with what the copy holds, piece by piece, and the result passes
 * the same gate as any peer's; only then it takes the program's place. A stop at any moment leaves the program as it was.
 *
 * @module
 */
import { PeerpatchError } from '../core/base/errors.ts';
import type { OwnerKey } from '../core/keys/owner-key.ts';
import { formatPublicKey } from '../core/keys/public-key.ts';
import { checkReleaseBytes } from '../core/release/accept.ts';
import { checkFitsRegion, encodeReleaseRegion, readRegionVersion } from '../core/release/region.ts';
import { signRelease, verifyRelease, type Release } from '../core/release/release.ts';
import { formatVersion, parseVersion } from '../core/release/version.ts';
import { createMeasure, type StampedDigest } from '../core/stamp/measure.ts';
import { openProgram } from '../io/files/open-program.ts';
import { stageReplacement } from '../io/files/program-file.ts';
import type { StagedFile } from '../io/files/staged-file.ts';
import type { OpenProgram } from '../ports/program.ts';

export interface SignProgramOptions {
  readonly program: string;
  readonly key: OwnerKey;
  /** `A.B.C`. Default: the version the region carries, which the build put there. */
  readonly appVersion?: string | undefined;
  /** Bytes done of all bytes. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface SignedProgram {
  /** Real path. */
  readonly path: string;
  readonly version: string;
  readonly release: Release;
  /** z-base-32: programs with another key in their code will refuse this release. */
  readonly publicKey: string;
}

/**
 * @throws PeerpatchError PROGRAM_UNREADABLE, STAMP_MISSING, STAMP_MALFORMED, VERSION_MALFORMED, INSTALL_NOT_WRITABLE,
 *   INSTALL_NO_SPACE, INSTALL_FAILED, CANCELLED
 */
export async function signProgram(options: SignProgramOptions): Promise<SignedProgram> {
  const { key, appVersion } = options;
  const version = appVersion === undefined ? undefined : parseVersion(appVersion);
  if (version !== undefined) checkFitsRegion(version); // before the whole program is read for nothing
  const program = await openProgram(options.program);
  try {
    const staged = await stageReplacement(program.path, program.sizeBytes);
    try {
      const measured = await copyMeasured(program, staged, options);
      const release = signRelease(key, version ?? readRegionVersion(measured.region), measured);
      const region = encodeReleaseRegion(release);
      await staged.overwrite(region, measured.regionOffset);
      await checkCopy(staged, region, measured.regionOffset);
      checkReleaseBytes(verifyRelease(key.publicKey, release), { ...measured, region });
      await staged.publish();
      return {
        path: program.path,
        version: formatVersion(release.version),
        release,
        publicKey: formatPublicKey(key.publicKey),
      };
    } finally {
      await staged.discard();
    }
  } finally {
    await program.close();
  }
}

/** Reads the program once: each piece is measured, copied, and read back. The disk works while this thread hashes. */
async function copyMeasured(
  program: OpenProgram,
  staged: StagedFile,
  { onProgress, signal }: SignProgramOptions,
): Promise<StampedDigest> {
  const measure = createMeasure();
  let doneBytes = 0;
  for await (const piece of program.read()) {
    if (signal?.aborted === true)
      throw new PeerpatchError('CANCELLED', 'signing was stopped: the program is as it was');
    const half = piece.length >> 1;
    await besides(staged.write(piece), () => {
      measure.update(piece.subarray(0, half));
    });
    await besides(checkCopy(staged, piece, doneBytes), () => {
      measure.update(piece.subarray(half));
    });
    doneBytes += piece.length;
    onProgress?.(doneBytes, program.sizeBytes);
  }
  return measure.finish();
}

/** Does `work` while `pending`, begun before, goes on; fails with whichever fails first. */
async function besides(pending: Promise<void>, work: () => void): Promise<void> {
  const working = new Promise<void>((resolve) => {
    work(); // a failure in here rejects
    resolve();
  });
  await Promise.all([pending, working]);
}

async function checkCopy(staged: StagedFile, bytes: Uint8Array, offset: number): Promise<void> {
  if (await staged.holds(bytes, offset)) return;
  throw new PeerpatchError(
    'INSTALL_FAILED',
    `${staged.path} does not hold what was written: check the disk; the program is as it was`,
  );
}
