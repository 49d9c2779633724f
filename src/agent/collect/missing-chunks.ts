/**
 * The chunks of a content that are not there yet, each once however often it occurs.
 *
 * Packed into arrays: only the chunks that somebody works on are objects.
 *
 * @module
 */
import { toHex } from '../../core/base/hex.ts';
import type { Manifest } from '../../core/content/manifest.ts';
import type { WantedObject } from './wanted-object.ts';

export interface MissingChunk extends WantedObject {
  readonly kind: 'chunk';
  readonly lengthBytes: number;
  /** Its number in the manifest, at its first place. */
  readonly index: number;
  /** Where in the content it belongs: once or more. */
  readonly offsets: readonly number[];
}

export interface MissingChunks extends Iterable<MissingChunk> {
  /** It is there now: later iterations leave it out. */
  remove(chunk: MissingChunk): void;
}

const NONE = -1;

/** @param held one byte a chunk, 1 when it is there */
export function listMissingChunks(manifest: Manifest, held: Uint8Array): MissingChunks {
  const { count } = manifest;
  /** 1 for the first place of each missing chunk. */
  const isFirst = new Uint8Array(count);
  /** The next place of the same chunk. */
  const nextSame = new Int32Array(count).fill(NONE);
  const lastOf = new Map<string, number>();
  for (let index = 0; index < count; index++) {
    if (held[index] === 1) continue;
    const name = toHex(manifest.hashAt(index));
    const last = lastOf.get(name);
    if (last === undefined) isFirst[index] = 1;
    else nextSame[last] = index;
    lastOf.set(name, index);
  }
  lastOf.clear();

  const chunkAt = (index: number): MissingChunk => {
    const offsets: number[] = [];
    for (let at = index; at !== NONE; at = nextSame[at] ?? NONE) offsets.push(manifest.offsetAt(at));
    const lengthBytes = manifest.lengthAt(index);
    return { kind: 'chunk', index, hash: manifest.hashAt(index).slice(), maxBytes: lengthBytes, lengthBytes, offsets };
  };
  return {
    *[Symbol.iterator]() {
      for (let index = 0; index < count; index++) if (isFirst[index] === 1) yield chunkAt(index);
    },
    remove({ index }) {
      isFirst[index] = 0;
    },
  };
}
