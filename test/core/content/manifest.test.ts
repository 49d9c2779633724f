import { describe, expect, it } from 'vitest';
import { createManifestBuilder } from '../../../src/core/content/manifest.ts';
import { decodePage } from '../../../src/core/content/page.ts';
import { sha256 } from '../../../src/core/crypto/hash.ts';
import { madeUpManifest } from '../../support/manifest-samples.ts';

const HASH = new Uint8Array(32).fill(0xff);

describe('manifest', () => {
  it('gives back length, offset and hash of each chunk', () => {
    const builder = createManifestBuilder();
    const hashes = Array.from({ length: 200 }, (_, index) => sha256(Uint8Array.of(index)));
    for (const [index, hash] of hashes.entries()) builder.add(hash, 10_000 + index);
    const manifest = builder.finish();
    expect(manifest.count).toBe(200);
    expect(hashes.map((_, index) => manifest.hashAt(index))).toEqual(hashes);
    expect(hashes.map((_, index) => manifest.lengthAt(index))).toEqual(hashes.map((_, index) => 10_000 + index));
    expect(manifest.offsetAt(199) + manifest.lengthAt(199)).toBe(manifest.sizeBytes);
  });

  it.each([-1, 3, 0.5, NaN])('has no chunk %d of 3', (index) => {
    const manifest = madeUpManifest(3, 1);
    expect(() => manifest.hashAt(index)).toThrow(RangeError);
    expect(() => manifest.lengthAt(index)).toThrow(RangeError);
    expect(() => manifest.offsetAt(index)).toThrow(RangeError);
  });

  it('lists every page but the top one in the level above, in order', () => {
    const { pages, root } = madeUpManifest(20_000, 100_000);
    const decoded = pages.map(({ hash, bytes }) => ({ hash, ...decodePage(bytes) }));
    for (const level of [0, 1]) {
      const here = decoded.filter((page) => page.level === level);
      const above = decoded.filter((page) => page.level === level + 1).flatMap((page) => page.entries);
      expect(above.map(({ hash }) => hash)).toEqual(here.map(({ hash }) => hash));
      const covered = here.map(({ entries }) => entries.reduce((sum, { coveredBytes }) => sum + coveredBytes, 0));
      expect(above.map(({ coveredBytes }) => coveredBytes)).toEqual(covered);
    }
    expect(pages.at(-1)?.hash).toEqual(root);
    expect(pages.map(({ bytes }) => sha256(bytes))).toEqual(pages.map(({ hash }) => hash));
  });

  it('keeps the other pages when one chunk changes', () => {
    const build = (changed: number): Set<string> => {
      const builder = createManifestBuilder();
      for (let index = 0; index < 3000; index++) {
        const hash = sha256(Uint8Array.of(index & 255, index >> 8, index === changed ? 1 : 0));
        builder.add(hash, 30_000);
      }
      return new Set(builder.finish().pages.map(({ hash }) => hash.join()));
    };
    const before = build(-1);
    const isNew = [...build(1500)].filter((page) => !before.has(page));
    expect(before.size).toBeGreaterThan(30);
    expect(isNew.length).toBeLessThanOrEqual(4); // the changed page, perhaps its neighbour, and the top page
  });

  it('makes no level above a page that is exactly full', () => {
    const builder = createManifestBuilder();
    for (let index = 0; index < 256; index++) builder.add(HASH, 8192);
    expect(builder.finish().pages).toHaveLength(1);
  });

  it('refuses content above the largest size of a program', () => {
    const builder = createManifestBuilder();
    for (let index = 0; index < 32_768; index++) builder.add(HASH, 131_072);
    expect(() => {
      builder.add(HASH, 1);
    }).toThrow(expect.objectContaining({ code: 'CONTENT_MALFORMED' }));
  });

  it.each([
    ['a hash of 31 bytes', HASH.subarray(1), 8192],
    ['a chunk without bytes', HASH, 0],
    ['a chunk above the largest size', HASH, 131_073],
    ['a fraction of a byte', HASH, 8192.5],
  ])('does not take %s', (_name, hash, lengthBytes) => {
    expect(() => {
      createManifestBuilder().add(hash, lengthBytes);
    }).toThrow(RangeError);
  });
});
