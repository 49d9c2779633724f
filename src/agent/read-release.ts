/**
 * Reads and verifies the release inside a program file: is this file what its owner signed?
 *
 * @module
 */
import { isPeerpatchError, PeerpatchError } from '../core/base/errors.ts';
import type { PublicKey } from '../core/keys/public-key.ts';
import { checkReleaseBytes } from '../core/release/accept.ts';
import { decodeReleaseRegion } from '../core/release/region.ts';
import { verifyRelease, type SignedRelease } from '../core/release/release.ts';
import { decodeReleaseBlock } from '../core/stamp/block.ts';
import { createMeasure, type StampedDigest } from '../core/stamp/measure.ts';
import { checkStatement } from '../core/statement/accept.ts';
import { readOwnStatement, type SignedStatement } from '../core/statement/statement.ts';
import type { OpenProgram } from '../ports/program.ts';

export interface ReadRelease {
  readonly release: SignedRelease;
  /** Undefined for a program that was signed without one. */
  readonly statement: SignedStatement | undefined;
  readonly measured: StampedDigest;
}

export interface MeasureOptions {
  readonly onProgress?: ((measuredBytes: number, totalBytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * @throws PeerpatchError STAMP_MISSING, STAMP_MALFORMED, VERSION_MALFORMED, RELEASE_UNSIGNED, RELEASE_BAD_SIGNATURE,
 *   RELEASE_MISMATCH, STATEMENT_MALFORMED, STATEMENT_BAD_SIGNATURE, STATEMENT_UNSUPPORTED, PROGRAM_UNREADABLE, CANCELLED
 */
export async function readRelease(
  program: OpenProgram,
  owner: PublicKey,
  options?: MeasureOptions,
): Promise<ReadRelease> {
  const measured = await measureProgram(program, options);
  return naming(program, () => {
    const release = verifyRelease(owner, decodeReleaseRegion(measured.region));
    checkReleaseBytes(release, measured);
    return { release, statement: ownStatement(owner, measured), measured };
  });
}

/** What is wrong with a file's content is told with its path: a command may read several. */
function naming<T>({ path }: OpenProgram, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!isPeerpatchError(cause)) throw cause;
    throw new PeerpatchError(cause.code, `${path}: ${cause.message}`, { cause });
  }
}

/** The root it names is believed: the release's hash, just verified, covers the same bytes and the statement. */
function ownStatement(owner: PublicKey, measured: StampedDigest): SignedStatement | undefined {
  const item = measured.block && decodeReleaseBlock(measured.block);
  if (item === undefined) return undefined;
  const statement = readOwnStatement(owner, item);
  checkStatement(statement, measured, statement.root);
  return statement;
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
  return naming(program, () => measure.finish());
}
