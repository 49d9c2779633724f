/**
 * Whose records keep their places when a stated release is announced: those of the newest version that the owner has stated for
 * this name, as far as this node knows.
 *
 * @module
 */
import { compareVersions, type Version } from '../../core/release/version.ts';
import { regionVersion } from '../../core/statement/app-version.ts';
import { decodeStatement } from '../../core/statement/dictionary.ts';
import { decodeSignedItem } from '../../core/statement/signed-bytes.ts';
import { statementNameHash, type SignedStatement } from '../../core/statement/statement.ts';
import type { Library } from './library.ts';

/** Asked when a record of a version above that of `own` is met. */
export function yieldsToNewest(
  library: Pick<Library, 'statement'>,
  own: SignedStatement,
): (version: Version) => boolean {
  const bytes = library.statement(statementNameHash(own));
  const newest = bytes === undefined ? own : decodeStatement(decodeSignedItem(bytes).value);
  const stated = regionVersion(newest.version);
  return (version) => compareVersions(version, stated) === 0;
}
