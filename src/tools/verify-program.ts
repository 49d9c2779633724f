/**
 * Verifies that a program is a release of an owner: what a running copy checks before it replaces itself.
 *
 * @module
 */
import { readRelease } from '../agent/read-release.ts';
import { parsePublicKey } from '../core/keys/public-key.ts';
import type { Release } from '../core/release/release.ts';
import { formatVersion } from '../core/release/version.ts';
import { openProgram } from '../io/files/open-program.ts';

export interface VerifyProgramOptions {
  readonly program: string;
  /** The owner's, z-base-32. */
  readonly publicKey: string;
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface VerifiedProgram {
  readonly path: string;
  readonly version: string;
  readonly release: Release;
}

/**
 * Resolves when the program is the owner's; everything else is an error.
 *
 * @throws PeerpatchError KEY_MALFORMED, PROGRAM_UNREADABLE, STAMP_MISSING, STAMP_MALFORMED, VERSION_MALFORMED,
 *   RELEASE_UNSIGNED, RELEASE_BAD_SIGNATURE, RELEASE_MISMATCH, CANCELLED
 */
export async function verifyProgram(options: VerifyProgramOptions): Promise<VerifiedProgram> {
  const owner = parsePublicKey(options.publicKey);
  const program = await openProgram(options.program);
  try {
    const { release } = await readRelease(program, owner, options);
    return { path: program.path, version: formatVersion(release.version), release };
  } finally {
    await program.close();
  }
}
