/**
 * Signs a program: writes the owner's word about its bytes and version into its region.
 *
 * Works on a copy beside the program: measured, signed, read again and verified as any peer would, and only then put in
 * the program's place. A stop at any moment leaves the program as it was.
 *
 * @module
 */
import { readRelease } from '../agent/read-release.ts';
import { PeerpatchError } from '../core/base/errors.ts';
import type { OwnerKey } from '../core/keys/owner-key.ts';
import { formatPublicKey } from '../core/keys/public-key.ts';
import { encodeReleaseRegion, readRegionVersion } from '../core/release/region.ts';
import { signRelease, type Release } from '../core/release/release.ts';
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
  /** Bytes done of all bytes: the program is read twice. */
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
  const program = await openProgram(options.program);
  try {
    const staged = await stageReplacement(program.path, program.sizeBytes);
    try {
      const measured = await copyMeasured(program, staged, options);
      const release = signRelease(key, version ?? readRegionVersion(measured.region), measured);
      await staged.overwrite(encodeReleaseRegion(release), measured.regionOffset);
      await verifyStaged(staged, options);
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

/** Reads the program once: each piece is measured and copied. */
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
    measure.update(piece);
    await staged.write(piece);
    doneBytes += piece.length;
    onProgress?.(doneBytes, 2 * program.sizeBytes);
  }
  return measure.finish();
}

/** What is about to become the program must be what every peer will accept. */
async function verifyStaged(staged: StagedFile, { key, onProgress, signal }: SignProgramOptions): Promise<void> {
  const copy = await openProgram(staged.path);
  try {
    await readRelease(copy, key.publicKey, {
      signal,
      onProgress: (doneBytes, totalBytes) => {
        onProgress?.(totalBytes + doneBytes, 2 * totalBytes);
      },
    });
  } finally {
    await copy.close();
  }
}
