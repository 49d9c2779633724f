/**
 * Reads the code signature of a program file and hashes its pages. Spec: docs/spec/18-code-signature.md.
 *
 * @module
 */
import { PeerpatchError } from '../core/base/errors.ts';
import { createSignatureWatch, type WatchedSignature } from '../core/codesign/watch.ts';
import type { OpenProgram } from '../ports/program.ts';
import type { MeasureOptions } from './read-release.ts';

/**
 * Reads the file to its end only where it has one.
 *
 * @returns undefined for a file without a code signature
 * @throws PeerpatchError CODE_SIGNATURE_INVALID when it cannot be read or is missing, not for pages that do not fit; STAMP_MALFORMED,
 *   PROGRAM_UNREADABLE, CANCELLED
 */
export async function readCodeSignature(
  program: Pick<OpenProgram, 'path' | 'sizeBytes' | 'read'>,
  { onProgress, signal }: MeasureOptions = {},
): Promise<WatchedSignature | undefined> {
  const watch = createSignatureWatch();
  let readBytes = 0;
  for await (const piece of program.read()) {
    if (signal?.aborted === true) throw new PeerpatchError('CANCELLED', `stopped reading ${program.path}`);
    watch.update(piece);
    if (!watch.isWatching) break;
    readBytes += piece.length;
    onProgress?.(readBytes, program.sizeBytes);
  }
  return watch.finish();
}
