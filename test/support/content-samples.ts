/**
 * Content for tests of sources: pseudo-random bytes, its manifest, and its objects by hash.
 *
 * @module
 */
import { toHex } from '../../src/core/base/hex.ts';
import type { Manifest } from '../../src/core/content/manifest.ts';
import { createContentMeasure, type ContentKind } from '../../src/core/content/measure-content.ts';
import type { ObjectKind } from '../../src/ports/source.ts';

export interface ContentSample {
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
  /** Pages and chunks, not encoded. */
  object(kind: ObjectKind, hash: Uint8Array): Uint8Array | undefined;
}

/** Cannot be compressed, and is the same for the same seed. */
export function noise(length: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed | 1;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}

export function contentOf(bytes: Uint8Array, kind: ContentKind = 'image'): ContentSample {
  const measure = createContentMeasure(kind);
  measure.update(bytes);
  const manifest = measure.finish();
  const pages = new Map(manifest.pages.map((page) => [toHex(page.hash), page.bytes]));
  const chunks = new Map<string, Uint8Array>();
  for (let index = 0; index < manifest.count; index++) {
    const offset = manifest.offsetAt(index);
    chunks.set(toHex(manifest.hashAt(index)), bytes.subarray(offset, offset + manifest.lengthAt(index)));
  }
  return { bytes, manifest, object: (kind, hash) => (kind === 'page' ? pages : chunks).get(toHex(hash)) };
}

/** Whether two byte arrays are equal: for large ones, whose difference nobody wants printed. */
export function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
