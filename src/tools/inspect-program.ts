/**
 * Shows what a program's stamp says, signed or not, right or wrong. Verifies nothing: that takes the owner's key.
 *
 * @module
 */
import { readCodeSignature } from '../agent/code-signature.ts';
import { measureProgram } from '../agent/read-release.ts';
import { isPeerpatchError } from '../core/base/errors.ts';
import type { WatchedSignature } from '../core/codesign/watch.ts';
import { decodeReleaseBlock, type SignedItem } from '../core/stamp/block.ts';
import type { StampedDigest } from '../core/stamp/measure.ts';
import type { Binding } from '../core/stamp/position.ts';
import { decodeRegion } from '../core/stamp/region.ts';
import { decodeStatement } from '../core/statement/dictionary.ts';
import type { Statement } from '../core/statement/statement.ts';
import { openProgram } from '../io/files/open-program.ts';
import type { OpenProgram } from '../ports/program.ts';

/** What stands in the release block. */
export interface InspectedStatement {
  /** Undefined when the value cannot be read; `problem` says why. */
  readonly fields: Statement | undefined;
  readonly problem: string | undefined;
  /** Undefined when not even the block can be read. */
  readonly item: SignedItem | undefined;
}

/** The code signature of a Mach-O program. */
export interface InspectedSignature {
  /** Undefined when it cannot be read, or is missing where there must be one; `problem` says why. */
  readonly found: WatchedSignature | undefined;
  readonly problem: string | undefined;
}

export interface InspectedProgram {
  readonly path: string;
  /** As the region has it. */
  readonly version: string;
  readonly isSigned: boolean;
  /** What the region says: 32 bytes, a number, 64 bytes; zeros when it is not signed. */
  readonly hash: Uint8Array;
  readonly sizeBytes: number;
  readonly signature: Uint8Array;
  /** Offset of the region in the file, and the file's length. */
  readonly offset: number;
  readonly fileBytes: number;
  /** What the bytes of the program really hash to. */
  readonly measuredHash: Uint8Array;
  readonly measuredBytes: number;
  /** What keeps the region in its place. */
  readonly boundBy: Binding;
  /** Offset of the release block; undefined for a program without one. */
  readonly stampOffset: number | undefined;
  /** Undefined for a program that carries none. */
  readonly statement: InspectedStatement | undefined;
  /** Undefined for a program without one that needs none. */
  readonly codeSignature: InspectedSignature | undefined;
}

/** @throws PeerpatchError PROGRAM_UNREADABLE, STAMP_MISSING, STAMP_MALFORMED, CANCELLED */
export async function inspectProgram(path: string, signal?: AbortSignal): Promise<InspectedProgram> {
  const program = await openProgram(path);
  try {
    const measured = await measureProgram(program, { signal });
    const { hash, sizeBytes, signature, versionText } = decodeRegion(measured.region);
    return {
      path: program.path,
      version: versionText,
      isSigned: signature.some((byte) => byte !== 0),
      hash,
      sizeBytes,
      signature,
      offset: measured.regionOffset,
      fileBytes: measured.fileBytes,
      measuredHash: measured.hash,
      measuredBytes: measured.sizeBytes,
      boundBy: measured.bound,
      stampOffset: measured.stampOffset,
      statement: inspectStatement(measured),
      codeSignature: await inspectSignature(program, signal),
    };
  } finally {
    await program.close();
  }
}

async function inspectSignature(
  program: OpenProgram,
  signal: AbortSignal | undefined,
): Promise<InspectedSignature | undefined> {
  try {
    const found = await readCodeSignature(program, { signal });
    return found && { found, problem: undefined };
  } catch (error) {
    if (!isPeerpatchError(error, 'CODE_SIGNATURE_INVALID')) throw error;
    return { found: undefined, problem: `${error.code}: ${error.message}` };
  }
}

/** A damaged statement is shown as what it is: that is what one inspects for. */
function inspectStatement({ block }: StampedDigest): InspectedStatement | undefined {
  if (block === undefined) return undefined;
  let item: SignedItem | undefined;
  try {
    item = decodeReleaseBlock(block);
    return item && { fields: decodeStatement(item.value), problem: undefined, item };
  } catch (error) {
    if (!isPeerpatchError(error, 'STAMP_MALFORMED', 'STATEMENT_MALFORMED', 'STATEMENT_UNSUPPORTED')) throw error;
    return { fields: undefined, problem: `${error.code}: ${error.message}`, item };
  }
}
