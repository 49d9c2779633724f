/**
 * Remembers whole files that turned out not to be the release they were fetched for: their announcements look alike, as those of
 * pre-releases do, and nobody is to blame. None is fetched twice.
 *
 * @module
 */
import { BoundedSet } from '../../core/base/bounded-set.ts';
import { toHex } from '../../core/base/hex.ts';
import type { SignedStatement } from '../../core/statement/statement.ts';

export interface ForeignFiles {
  /** @param hash of the file, as its announcement names it */
  has(statement: SignedStatement, hash: Uint8Array): boolean;
  add(statement: SignedStatement, hash: Uint8Array): void;
}

/** Owners sign few releases with the same three numbers. */
const MAX_FILES = 256;

export function createForeignFiles(): ForeignFiles {
  const known = new BoundedSet(MAX_FILES);
  const keyOf = ({ root }: SignedStatement, hash: Uint8Array): string => `${toHex(root)} ${toHex(hash)}`;
  return {
    has: (statement, hash) => known.has(keyOf(statement, hash)),
    add: (statement, hash) => {
      known.add(keyOf(statement, hash));
    },
  };
}
