/**
 * Puts a release into the library: its program, the deltas to it that are on this machine, its statement.
 *
 * The statement is handed out to who asks for that of the file, which is announced; and to who asks for that of the name, where
 * no newer one is known.
 *
 * @module
 */
import { decodeSignedItem, encodeSignedItem, statementId } from '../../core/statement/signed-bytes.ts';
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

/** @returns takes it all out again but the statement of the name, which the next one replaces */
export async function shelve({ library, deltas, release, program }: ShelveOptions): Promise<() => Promise<void>> {
  const { statement } = release;
  const { root, stampOffset, item } = statement;
  const removals = [library.add({ root, file: program, stampOffset, stampId: statementId(item) })];
  const signedBytes = encodeSignedItem(item);
  const dropStatement = library.setStatement(release.release.hash, signedBytes);
  const nameHash = statementNameHash(statement);
  const known = library.statement(nameHash);
  if (known === undefined || decodeSignedItem(known).seq <= item.seq) library.setStatement(nameHash, signedBytes);
  for (const delta of statement.deltas) {
    const file = await deltas.open(delta.root, delta.sizeBytes);
    if (file !== undefined) removals.push(library.add({ root: delta.root, file }));
  }
  return async () => {
    dropStatement();
    await Promise.all(removals.map((remove) => remove()));
  };
}
