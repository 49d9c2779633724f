/**
 * Brings a verified statement to the gate: are these bytes the release it describes, and is it newer? Spec:
 * docs/spec/06-accept.md.
 *
 * The decision is core/release/accept's, which alone makes an `AcceptedRelease`.
 *
 * @module
 */
import { PeerpatchError } from '../base/errors.ts';
import { acceptStatedProgram, checkStatedBytes, type AcceptedRelease, type StatedProgram } from '../release/accept.ts';
import type { SignedRelease } from '../release/release.ts';
import { encodeReleaseBlock } from '../stamp/block.ts';
import type { ProgramFormat } from '../stamp/format.ts';
import type { StampedDigest } from '../stamp/measure.ts';
import { compareAppVersions, regionVersion } from './app-version.ts';
import type { SignedStatement } from './statement.ts';

/** What a release has to fit. */
export interface AcceptStatementPolicy {
  /** The highest version seen so far, the running one included; undefined when there is none yet. */
  readonly above: string | undefined;
  /** Format and processor of the program to replace; undefined where there is none, or none that is known. */
  readonly format?: ProgramFormat;
}

/**
 * @param measured what was found in the whole file
 * @param root manifest root of its canonical image
 * @throws PeerpatchError STAMP_MALFORMED, VERSION_MALFORMED, RELEASE_UNSIGNED, RELEASE_BAD_SIGNATURE, RELEASE_MISMATCH,
 *   RELEASE_WRONG_TARGET, RELEASE_NOT_NEWER
 */
export function acceptStatement(
  statement: SignedStatement,
  measured: StampedDigest,
  root: Uint8Array,
  { above, format }: AcceptStatementPolicy,
): AcceptedRelease {
  if (above !== undefined && compareAppVersions(statement.version, above) <= 0) {
    throw new PeerpatchError(
      'RELEASE_NOT_NEWER',
      `release ${statement.version} is not above ${above}: nothing to install`,
    );
  }
  return acceptStatedProgram(statedProgram(statement), measured, root, { format });
}

/**
 * Whether these bytes are the program of a statement, for whatever purpose.
 *
 * @returns the release in its region
 * @throws PeerpatchError STAMP_MALFORMED, VERSION_MALFORMED, RELEASE_UNSIGNED, RELEASE_BAD_SIGNATURE, RELEASE_MISMATCH
 */
export function checkStatement(statement: SignedStatement, measured: StampedDigest, root: Uint8Array): SignedRelease {
  return checkStatedBytes(statedProgram(statement), measured, root);
}

function statedProgram({ owner, version, sizeBytes, stampOffset, item, root }: SignedStatement): StatedProgram {
  return { owner, version: regionVersion(version), sizeBytes, stampOffset, block: encodeReleaseBlock(item), root };
}
