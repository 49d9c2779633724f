/**
 * Puts a release into the library: its program, the deltas to it that are on this machine, its statement.
 *
 * @module
 */
import { encodeSignedItem, statementId } from '../../core/statement/signed-bytes.ts';
import { statementNameHash } from '../../core/statement/statement.ts';
import type { DeltaStore } from '../../ports/deltas.ts';
import type { OpenProgram } from '../../ports/program.ts';
import type { StatedRelease } from '../known-release.ts';
import type { Library } from './library.ts';

export interface ShelveOptions {
  readonly library: Library;
  readonly deltas: DeltaStore;
  readonly release: StatedRelease;
  /** Its file, taken over. */
  readonly program: OpenProgram;
}

/** @returns takes it all out again but the statement, which the next one replaces */
export async function shelve({ library, deltas, release, program }: ShelveOptions): Promise<() => Promise<void>> {
  const { statement } = release;
  const { root, stampOffset, item } = statement;
  const removals = [library.add({ root, file: program, stampOffset, stampId: statementId(item) })];
  library.setStatement(statementNameHash(statement), encodeSignedItem(item));
  for (const delta of statement.deltas) {
    const file = await deltas.open(delta.root, delta.sizeBytes);
    if (file !== undefined) removals.push(library.add({ root: delta.root, file }));
  }
  return async () => {
    await Promise.all(removals.map((remove) => remove()));
  };
}
