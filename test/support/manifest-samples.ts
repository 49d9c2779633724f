/**
 * Contents for tests of chunks and manifests: bytes that look random and are the same each time, and lists of made-up chunks.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { asciiBytes, concatBytes } from '../../src/core/base/bytes.ts';
import { fromHex, toHex } from '../../src/core/base/hex.ts';
import { sha256 } from '../../src/core/crypto/hash.ts';
import type { Chunker } from '../../src/core/content/chunker.ts';
import type { ManifestReader } from '../../src/core/content/manifest-reader.ts';
import { createManifestBuilder, type Manifest } from '../../src/core/content/manifest.ts';
import { createContentMeasure, type ContentKind } from '../../src/core/content/measure-content.ts';

export type ContentPart =
  | { readonly seed: string; readonly size: number; readonly from?: number }
  | { readonly byte: number; readonly size: number }
  | { readonly hex: string };

interface MadePages {
  readonly pageCounts: readonly number[];
  readonly root: string;
}

export interface ContentVectors {
  readonly gearHash: string;
  readonly gearFirst: readonly number[];
  readonly contents: readonly (MadePages & {
    readonly name: string;
    readonly kind: ContentKind;
    readonly parts: readonly ContentPart[];
    readonly size: number;
    readonly lengths: readonly number[];
    readonly chunkHashes: string;
  })[];
  readonly pages: readonly (MadePages & { readonly name: string; readonly count: number; readonly modulus: number })[];
}

export const CONTENT_VECTORS = JSON.parse(
  readFileSync(new URL('../vectors/content.json', import.meta.url), 'utf8'),
) as ContentVectors;

/** SHA-256(seed || counter u32 LE), one after the other. */
export function stream(seed: string, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(sizeBytes / 32) * 32);
  const counter = new Uint8Array(4);
  for (let at = 0; at < bytes.length; at += 32) {
    new DataView(counter.buffer).setUint32(0, at / 32, true);
    bytes.set(sha256(asciiBytes(seed), counter), at);
  }
  return bytes.subarray(0, sizeBytes);
}

export function contentFrom(parts: readonly ContentPart[]): Uint8Array {
  return concatBytes(...parts.map(partBytes));
}

function partBytes(part: ContentPart): Uint8Array {
  if ('hex' in part) return fromHex(part.hex);
  if ('seed' in part) return stream(part.seed, part.size).subarray(part.from);
  return new Uint8Array(part.size).fill(part.byte);
}

/** Lengths of the chunks of bytes that come in pieces; the last one may be cut short by the end. */
export function chunkLengths(chunker: Chunker, pieces: readonly Uint8Array[]): number[] {
  const lengths = [0];
  for (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const end = chunker.next(piece, at);
      lengths.push((lengths.pop() ?? 0) + (end < 0 ? piece.length : end) - at);
      if (end >= 0) lengths.push(0);
      at = end < 0 ? piece.length : end;
    }
  }
  return lengths.at(-1) === 0 ? lengths.slice(0, -1) : lengths;
}

/** @param pieceBytes how much is given at a time */
export function measured(content: Uint8Array, pieceBytes = content.length, kind: ContentKind = 'image'): Manifest {
  const measure = createContentMeasure(kind);
  for (let at = 0; at < content.length; at += pieceBytes) measure.update(content.subarray(at, at + pieceBytes));
  return measure.finish();
}

/** A manifest without content: chunk i has the hash SHA-256("chunk" || i u32 LE) and 8192 + i % modulus bytes. */
export function madeUpManifest(count: number, modulus: number): Manifest {
  const builder = createManifestBuilder();
  const number = new Uint8Array(4);
  for (let index = 0; index < count; index++) {
    new DataView(number.buffer).setUint32(0, index, true);
    builder.add(sha256(asciiBytes('chunk'), number), 8192 + (index % modulus));
  }
  return builder.finish();
}

/** Gives the reader the pages it wants until it wants none. @returns how many it took */
export function feed(reader: ManifestReader, { pages }: Pick<Manifest, 'pages'>): number {
  const byName = new Map(pages.map(({ hash, bytes }) => [toHex(hash), bytes]));
  let taken = 0;
  while (reader.wanted.length > 0) {
    for (const hash of reader.wanted) {
      const bytes = byName.get(toHex(hash));
      if (bytes === undefined) throw new Error(`no page ${toHex(hash)}`);
      reader.add(hash, bytes);
      taken += 1;
    }
  }
  return taken;
}
