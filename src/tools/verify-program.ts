/**
 * Verifies that a program is a release of an owner: what a running copy checks before it replaces itself.
 *
 * @module
 */
import { readCodeSignature } from '../agent/code-signature.ts';
import { versionOf } from '../agent/known-release.ts';
import { measureImage } from '../agent/measure-image.ts';
import { readRelease } from '../agent/read-release.ts';
import { checkPages, type WatchedSignature } from '../core/codesign/watch.ts';
import { parsePublicKey } from '../core/keys/public-key.ts';
import type { Release } from '../core/release/release.ts';
import { checkStatement } from '../core/statement/accept.ts';
import type { SignedStatement } from '../core/statement/statement.ts';
import { openProgram } from '../io/files/open-program.ts';

export interface VerifyProgramOptions {
  readonly program: string;
  /** The owner's, z-base-32. */
  readonly publicKey: string;
  /** The whole program is read once for each of: hash and signature, code signature, statement. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface VerifiedProgram {
  readonly path: string;
  readonly version: string;
  readonly release: Release;
  /** Undefined for a program that was signed without one. */
  readonly statement: SignedStatement | undefined;
  /** Of a Mach-O program: its page hashes are right. Who made it is the system's to judge. */
  readonly codeSignature: WatchedSignature | undefined;
}

/**
 * Resolves when the program is the owner's; everything else is an error.
 *
 * @throws PeerpatchError KEY_MALFORMED, PROGRAM_UNREADABLE, STAMP_MISSING, STAMP_MALFORMED, VERSION_MALFORMED,
 *   RELEASE_UNSIGNED, RELEASE_BAD_SIGNATURE, RELEASE_MISMATCH, STATEMENT_MALFORMED, STATEMENT_BAD_SIGNATURE,
 *   STATEMENT_UNSUPPORTED, CODE_SIGNATURE_INVALID, CANCELLED
 */
export async function verifyProgram(options: VerifyProgramOptions): Promise<VerifiedProgram> {
  const owner = parsePublicKey(options.publicKey);
  const program = await openProgram(options.program);
  try {
    const { release, statement, measured } = await readRelease(program, owner, options);
    if (statement !== undefined) {
      const { root } = await measureImage(program, statement.stampOffset, options);
      checkStatement(statement, measured, root);
    }
    const codeSignature = await readCodeSignature(program, options);
    checkPages(codeSignature);
    return { path: program.path, version: versionOf({ release, statement }), release, statement, codeSignature };
  } finally {
    await program.close();
  }
}
