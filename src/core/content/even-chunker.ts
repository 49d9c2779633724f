/**
 * Where the chunks of a delta end: each has the largest size, the last one what is left. Spec: docs/spec/12-content.md.
 *
 * A delta's bytes are compressed and like no others: there is nothing for the cuts of chunker.ts to find, and more chunks cost more.
 * Looks at no byte.
 *
 * @module
 */
import { MAX_CHUNK_BYTES } from '../base/limits.ts';
import type { Chunker } from './chunker.ts';

export function createEvenChunker(): Chunker {
  let lengthBytes = 0; // of the chunk so far
  return {
    next(bytes, from) {
      const end = from + MAX_CHUNK_BYTES - lengthBytes;
      if (end > bytes.length) {
        lengthBytes += bytes.length - from;
        return -1;
      }
      lengthBytes = 0;
      return end;
    },
  };
}
