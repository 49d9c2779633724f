/**
 * Objects in the form they cross the wire, the last ones kept: peers that update together ask for the same ones.
 *
 * @module
 */
import { encodeObject } from '../../core/content/object.ts';
import type { Compression } from '../../ports/compression.ts';

/** Half the bytes of a program for a few milliseconds; higher ones gain little. */
const QUALITY = 5;

export interface EncodedObjects {
  /**
   * The encoded object of this name; undefined when `load` finds none. One that is being made is made once.
   *
   * @param load called when it is not kept; its failure is the result, and is not kept
   */
  get(name: string, load: () => Promise<Uint8Array | undefined>): Promise<Uint8Array | undefined>;
}

/** @param maxBytes of all kept objects: those longest not asked for go first */
export function createEncodedObjects(compression: Compression, maxBytes: number): EncodedObjects {
  const kept = new Map<string, Uint8Array>(); // the least recently used first
  const making = new Map<string, Promise<Uint8Array | undefined>>();
  let keptBytes = 0;

  const keep = (name: string, encoded: Uint8Array): void => {
    kept.set(name, encoded);
    keptBytes += encoded.length;
    for (const [oldest, { length }] of kept) {
      if (keptBytes <= maxBytes) break;
      kept.delete(oldest);
      keptBytes -= length;
    }
  };
  const make = async (name: string, load: () => Promise<Uint8Array | undefined>): Promise<Uint8Array | undefined> => {
    try {
      const bytes = await load();
      if (bytes === undefined) return undefined;
      const encoded = encodeObject(bytes, await compression.compress(bytes, QUALITY));
      keep(name, encoded);
      return encoded;
    } finally {
      making.delete(name);
    }
  };

  return {
    get(name, load) {
      const found = kept.get(name);
      if (found !== undefined) {
        kept.delete(name);
        kept.set(name, found);
        return Promise.resolve(found);
      }
      let made = making.get(name);
      if (made === undefined) {
        made = make(name, load);
        making.set(name, made);
      }
      return made;
    },
  };
}
