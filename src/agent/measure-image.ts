/**
 * Cuts a file into chunks as content: a program's canonical image, a delta as it is. Reads it once. Spec: docs/spec/12-content.md.
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
 * @param stampOffset where its release block begins; undefined for a file without one
 * @throws PeerpatchError PROGRAM_UNREADABLE, CANCELLED
 */
export async function measureImage(
  program: Pick<OpenProgram, 'path' | 'sizeBytes' | 'read'>,
  stampOffset: number | undefined,
  { onProgress, signal }: MeasureOptions = {},
): Promise<Manifest> {
  const canonicalizer = createCanonicalizer(stampOffset ?? Infinity);
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
