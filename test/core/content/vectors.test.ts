import { describe, expect, it } from 'vitest';
import { concatBytes, u64be } from '../../../src/core/base/bytes.ts';
import { toHex } from '../../../src/core/base/hex.ts';
import { sha256 } from '../../../src/core/crypto/hash.ts';
import { GEAR } from '../../../src/core/content/chunker.ts';
import { createManifestReader } from '../../../src/core/content/manifest-reader.ts';
import type { Manifest } from '../../../src/core/content/manifest.ts';
import { CONTENT_VECTORS, contentFrom, feed, madeUpManifest, measured } from '../../support/manifest-samples.ts';

const { contents, pages } = CONTENT_VECTORS;
let checked = 0;

const indexes = ({ count }: Manifest): number[] => Array.from({ length: count }, (_, index) => index);

function pageCounts(manifest: Manifest): number[] {
  const counts: number[] = [];
  for (const { bytes } of manifest.pages) counts[bytes[0] ?? 0] = (counts[bytes[0] ?? 0] ?? 0) + 1;
  return counts;
}

describe('vectors of chunks and pages', () => {
  it.each(contents.map((vector) => [vector.name, vector] as const))('content: %s', (_name, vector) => {
    const manifest = measured(contentFrom(vector.parts), 70_000, vector.kind);
    expect(manifest.sizeBytes).toBe(vector.size);
    expect(indexes(manifest).map((index) => manifest.lengthAt(index))).toEqual(vector.lengths);
    expect(toHex(sha256(concatBytes(...indexes(manifest).map((index) => manifest.hashAt(index)))))).toBe(
      vector.chunkHashes,
    );
    expect(pageCounts(manifest)).toEqual(vector.pageCounts);
    expect(toHex(manifest.root)).toBe(vector.root);
    const reader = createManifestReader(manifest.root, manifest.sizeBytes);
    feed(reader, manifest);
    expect(reader.manifest?.count).toBe(vector.lengths.length);
    checked += 1;
  });

  it.each(pages.map((vector) => [vector.name, vector] as const))('pages: %s', (_name, vector) => {
    const manifest = madeUpManifest(vector.count, vector.modulus);
    expect(pageCounts(manifest)).toEqual(vector.pageCounts);
    expect(toHex(manifest.root)).toBe(vector.root);
    const reader = createManifestReader(manifest.root, manifest.sizeBytes);
    feed(reader, manifest);
    expect(reader.manifest?.count).toBe(vector.count);
    checked += 1;
  });

  it('gear table', () => {
    const bytes = concatBytes(...[...GEAR].map((value) => u64be(value >>> 0).subarray(4)));
    expect(toHex(sha256(bytes))).toBe(CONTENT_VECTORS.gearHash);
    expect([...GEAR.subarray(0, 4)].map((value) => value >>> 0)).toEqual(CONTENT_VECTORS.gearFirst);
  });

  it('are all checked', () => {
    expect([contents.length, pages.length, checked]).toEqual([27, 5, 32]);
  });
});
