/**
 * Where things lie on a mirror, relative to its address. Spec: docs/spec/15-mirror.md.
 *
 *     <owner z32>/statement-<64 hex: the salt without its first three bytes>
 *     <owner z32>/stamp-<64 hex: id of the statement in it>
 *     <owner z32>/objects/<first 2 hex>/<64 hex: hash>
 *
 * Plain names without extension: no server guesses a type or an encoding from them. One owner's things lie under one name,
 * so that a folder serves many owners.
 *
 * @module
 */
import { toHex } from '../../core/base/hex.ts';
import { formatPublicKey, type PublicKey } from '../../core/keys/public-key.ts';

export interface MirrorPaths {
  /** The folder of the owner. */
  readonly folder: string;
  /** @param nameHash 32 bytes, the salt of the statement without its first three */
  statement(nameHash: Uint8Array): string;
  /** @param statementId 32 bytes */
  stamp(statementId: Uint8Array): string;
  /** @param hash 32 bytes, of a page or a chunk */
  object(hash: Uint8Array): string;
}

/** Relative paths with `/`, for URLs and for file systems alike. */
export function mirrorPaths(owner: PublicKey): MirrorPaths {
  const folder = formatPublicKey(owner);
  return {
    folder,
    statement: (nameHash) => `${folder}/statement-${toHex(nameHash)}`,
    stamp: (statementId) => `${folder}/stamp-${toHex(statementId)}`,
    object: (hash) => {
      const name = toHex(hash);
      return `${folder}/objects/${name.slice(0, 2)}/${name}`;
    },
  };
}
