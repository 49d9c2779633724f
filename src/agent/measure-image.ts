/**
 * Cuts a file into chunks as content: a program's canonical image, a delta as it is. Reads it once. Spec: docs/spec/12-content.md.
 *
 * @module
 */
import { PeerpatchError } from '../core/base/errors.ts';
import type { Manifest } from '../core/content/manifest.ts';
import { createContentMeasure, type ContentKind } from '../core/content/measure-content.ts';
import { createCanonicalizer } from '../core/codesign/image.ts';
import type { OpenProgram } from '../ports/program.ts';
import type { MeasureOptions } from './read-release.ts';

type MeasuredFile = Pick<OpenProgram, 'path' | 'sizeBytes' | 'read'>;

/**
 * @param stampOffset where its release block begins; undefined for a file without one, which is cut like a program
 * @throws PeerpatchError PROGRAM_UNREADABLE, CANCELLED
 */
export function measureImage(
  program: MeasuredFile,
  stampOffset: number | undefined,
  options?: MeasureOptions,
): Promise<Manifest> {
  const canonicalizer = createCanonicalizer(stampOffset);
  return measure(program, 'image', { ...options, prepare: (piece) => canonicalizer.update(piece) });
}

/** @throws PeerpatchError PROGRAM_UNREADABLE, CANCELLED */
export function measureDelta(delta: MeasuredFile, options?: MeasureOptions): Promise<Manifest> {
  return measure(delta, 'delta', { ...options, prepare: (piece) => piece });
}

async function measure(
  file: MeasuredFile,
  kind: ContentKind,
  { prepare, onProgress, signal }: MeasureOptions & { readonly prepare: (piece: Uint8Array) => Uint8Array },
): Promise<Manifest> {
  const content = createContentMeasure(kind);
  let measuredBytes = 0;
  for await (const piece of file.read()) {
    if (signal?.aborted === true) throw new PeerpatchError('CANCELLED', `stopped reading ${file.path}`);
    content.update(prepare(piece));
    measuredBytes += piece.length;
    onProgress?.(measuredBytes, file.sizeBytes);
  }
  return content.finish();
}
