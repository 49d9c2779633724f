/**
 * Cuts the canonical image of a program into chunks: reads it once. Spec: docs/spec/12-content.md.
 *
 * @module
 */
import { PeerpatchError } from '../core/base/errors.ts';
import type { Manifest } from '../core/content/manifest.ts';
import { createContentMeasure } from '../core/content/measure-content.ts';
import { createCanonicalizer } from '../core/stamp/canonical.ts';
import type { OpenProgram } from '../ports/program.ts';
import type { MeasureOptions } from './read-release.ts';

/**
 * @param stampOffset where its release block begins
 * @throws PeerpatchError PROGRAM_UNREADABLE, CANCELLED
 */
export async function measureImage(
  program: Pick<OpenProgram, 'path' | 'sizeBytes' | 'read'>,
  stampOffset: number,
  { onProgress, signal }: MeasureOptions = {},
): Promise<Manifest> {
  const canonicalizer = createCanonicalizer(stampOffset);
  const content = createContentMeasure();
  let measuredBytes = 0;
  for await (const piece of program.read()) {
    if (signal?.aborted === true) throw new PeerpatchError('CANCELLED', `stopped reading ${program.path}`);
    content.update(canonicalizer.update(piece));
    measuredBytes += piece.length;
    onProgress?.(measuredBytes, program.sizeBytes);
  }
  return content.finish();
}
