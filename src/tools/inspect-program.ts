/**
 * Shows what a program's region says, signed or not, right or wrong. Verifies nothing: that takes the owner's key.
 *
 * @module
 */
import { measureProgram } from '../agent/read-release.ts';
import { decodeRegion } from '../core/stamp/region.ts';
import type { Binding } from '../core/stamp/position.ts';
import { openProgram } from '../io/files/open-program.ts';

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
    };
  } finally {
    await program.close();
  }
}
