/**
 * Cuts and hashes a content as it streams by. Spec: docs/spec/12-content.md.
 *
 * Holds no bytes of it. Give it the canonical image of a program, not the program: see codesign/image.ts.
 *
 * @module
 */
import { createSha256, type RunningHash } from '../crypto/hash.ts';
import { createChunker, type Chunker } from './chunker.ts';
import { createEvenChunker } from './even-chunker.ts';
import { createManifestBuilder, type Manifest } from './manifest.ts';

/** What a content is, which decides where its chunks end: the canonical image of a program, or a delta. */
export type ContentKind = 'image' | 'delta';

const CHUNKERS: Readonly<Record<ContentKind, () => Chunker>> = { image: createChunker, delta: createEvenChunker };

export interface ContentMeasure {
  /**
   * The next piece, of any length. It may be reused afterwards.
   *
   * @throws PeerpatchError CONTENT_MALFORMED when the content gets larger than any program may be
   */
  update(bytes: Uint8Array): void;
  finish(): Manifest;
}

export function createContentMeasure(kind: ContentKind): ContentMeasure {
  const chunker = CHUNKERS[kind]();
  const builder = createManifestBuilder();
  let hash: RunningHash | undefined;
  let lengthBytes = 0;

  const endChunk = (): void => {
    if (hash === undefined) return;
    builder.add(hash.digest(), lengthBytes);
    hash = undefined;
    lengthBytes = 0;
  };
  return {
    update(bytes) {
      for (let at = 0; at < bytes.length;) {
        const end = chunker.next(bytes, at);
        const part = bytes.subarray(at, end < 0 ? bytes.length : end);
        hash ??= createSha256();
        hash.update(part);
        lengthBytes += part.length;
        at += part.length;
        if (end >= 0) endChunk();
      }
    },
    finish() {
      endChunk();
      return builder.finish();
    },
  };
}
