/**
 * Puts a delta that a statement lists into the folder of a mirror. Spec: docs/spec/15-mirror.md.
 *
 * `sign` left it beside the program: `<program>.deltas/<root>`. One that is missing or altered is left out: readers take another
 * way.
 *
 * @module
 */
import { join } from 'node:path';
import { equalBytes } from '../../core/base/bytes.ts';
import { isPeerpatchError } from '../../core/base/errors.ts';
import { toHex } from '../../core/base/hex.ts';
import { createContentMeasure } from '../../core/content/measure-content.ts';
import type { StatementDelta } from '../../core/statement/statement.ts';
import { deltasFolder } from '../../io/files/delta-store.ts';
import { openProgram } from '../../io/files/open-program.ts';
import type { OpenProgram } from '../../ports/program.ts';
import { checkNotStopped, exportContent, type ContentExport } from './export-content.ts';

/**
 * @param programPath of the program whose statement lists it
 * @returns undefined when it is on the mirror, else a sentence about why not
 * @throws PeerpatchError MIRROR_UNWRITABLE, CANCELLED
 */
export async function exportDelta(
  context: ContentExport,
  programPath: string,
  delta: StatementDelta,
  onBytes: (lengthBytes: number) => void,
): Promise<string | undefined> {
  const path = join(deltasFolder(programPath), toHex(delta.root));
  let file: OpenProgram;
  try {
    file = await openProgram(path);
  } catch (error) {
    if (!isPeerpatchError(error, 'PROGRAM_UNREADABLE')) throw error;
    return `the delta ${path} cannot be read: programs that it is for fetch chunks instead`;
  }
  try {
    const measure = createContentMeasure('delta');
    for await (const piece of file.read()) {
      checkNotStopped(context.signal);
      measure.update(piece);
      onBytes(piece.length);
    }
    const manifest = measure.finish();
    if (!equalBytes(manifest.root, delta.root)) return altered(path);
    await exportContent(context, manifest, file.read(), onBytes);
    return undefined;
  } finally {
    await file.close();
  }
}

function altered(path: string): string {
  return `the delta ${path} is not the one the statement lists, and was left out: sign the program again`;
}
