/**
 * Opens a program and verifies it against the statement inside it: whole file, canonical image, region.
 *
 * @module
 */
import { measureImage } from '../../agent/measure-image.ts';
import { readRelease } from '../../agent/read-release.ts';
import { concatBytes } from '../../core/base/bytes.ts';
import { PeerpatchError } from '../../core/base/errors.ts';
import { createCanonicalizer } from '../../core/codesign/image.ts';
import type { Manifest } from '../../core/content/manifest.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import { checkStatement } from '../../core/statement/accept.ts';
import type { SignedStatement } from '../../core/statement/statement.ts';
import { openProgram } from '../../io/files/open-program.ts';
import type { OpenProgram } from '../../ports/program.ts';

/** Ends with `program.close()`. */
export interface StatedProgram {
  readonly program: OpenProgram;
  readonly statement: SignedStatement;
  /** Of the canonical image. */
  readonly manifest: Manifest;
  /** 1280 bytes: release block and region. */
  readonly stamp: Uint8Array;
}

export interface OpenStatedOptions {
  readonly owner: PublicKey;
  /** How much was read of all that will be: the file is read twice. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * @throws PeerpatchError PROGRAM_UNREADABLE, STAMP_MISSING, STAMP_MALFORMED, VERSION_MALFORMED, RELEASE_UNSIGNED (also for a
 *   program without a statement), RELEASE_BAD_SIGNATURE, RELEASE_MISMATCH, STATEMENT_BAD_SIGNATURE, STATEMENT_MALFORMED,
 *   STATEMENT_UNSUPPORTED, CANCELLED
 */
export async function openStatedProgram(path: string, options: OpenStatedOptions): Promise<StatedProgram> {
  const program = await openProgram(path);
  try {
    return await verify(program, options);
  } catch (error) {
    await program.close();
    throw error;
  }
}

async function verify(program: OpenProgram, { owner, onProgress, signal }: OpenStatedOptions): Promise<StatedProgram> {
  const pass = (number: number) => ({
    onProgress: (doneBytes: number, fileBytes: number): void => {
      onProgress?.(number * fileBytes + doneBytes, 2 * fileBytes);
    },
    signal,
  });
  const { statement, measured } = await readRelease(program, owner, pass(0));
  const { block, region } = measured;
  if (statement === undefined || block === undefined) {
    throw new PeerpatchError(
      'RELEASE_UNSIGNED',
      `there is no statement in ${program.path}: build it with "peerpatch build" and sign it with "peerpatch sign"`,
    );
  }
  const manifest = await measureImage(program, statement.stampOffset, pass(1));
  checkStatement(statement, measured, manifest.root);
  return { program, statement, manifest, stamp: concatBytes(block, region) };
}

/** The program's canonical image, in pieces whose memory is used again. */
export async function* canonicalImage(program: OpenProgram, stampOffset: number): AsyncGenerator<Uint8Array> {
  const canonicalizer = createCanonicalizer(stampOffset);
  for await (const piece of program.read()) yield canonicalizer.update(piece);
}
