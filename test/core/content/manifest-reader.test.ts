import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/core/crypto/hash.ts';
import { createManifestReader } from '../../../src/core/content/manifest-reader.ts';
import type { ManifestPage } from '../../../src/core/content/manifest.ts';
import { encodePage, type Page } from '../../../src/core/content/page.ts';
import { feed, madeUpManifest, measured, stream } from '../../support/manifest-samples.ts';

const MALFORMED = expect.objectContaining({ code: 'CONTENT_MALFORMED' }) as Error;
const HASH = new Uint8Array(32).fill(0xff);

type Forged = ManifestPage & { readonly coveredBytes: number };

/** A page an owner's own tool would not have written, under its right hash. */
function forged(page: Page): Forged {
  const bytes = encodePage(page);
  const coveredBytes = page.entries.reduce((sum, entry) => sum + entry.coveredBytes, 0);
  return { hash: sha256(bytes), bytes, coveredBytes };
}

const chunks = (count: number): Forged =>
  forged({ level: 0, entries: Array.from({ length: count }, () => ({ coveredBytes: 8192, hash: HASH })) });

const above = (level: number, ...below: readonly Forged[]): Forged => forged({ level, entries: below });

/** Feeds pages from the first one, the top page, down. */
function read(sizeBytes: number, ...pages: readonly Forged[]): void {
  const [top] = pages;
  if (top === undefined) return;
  feed(createManifestReader(top.hash, sizeBytes), { pages });
}

function thrownBy(work: () => void): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('manifest reader', () => {
  it('reads what was measured, page by page, each page once', () => {
    const manifest = madeUpManifest(20_000, 100_000);
    const reader = createManifestReader(manifest.root, manifest.sizeBytes);
    expect(reader.wanted).toEqual([manifest.root]);
    expect(feed(reader, manifest)).toBe(manifest.pages.length);
    expect(reader.wanted).toEqual([]);
    expect(reader.manifest?.pages).toEqual(manifest.pages);
    expect([0, 777, 19_999].map((index) => reader.manifest?.offsetAt(index))).toEqual(
      [0, 777, 19_999].map((index) => manifest.offsetAt(index)),
    );
  });

  it('has no manifest before the last page', () => {
    const manifest = madeUpManifest(1000, 1000);
    const reader = createManifestReader(manifest.root, manifest.sizeBytes);
    for (const { hash, bytes } of [...manifest.pages].reverse()) {
      expect(reader.manifest).toBeUndefined();
      reader.add(hash, bytes);
    }
    expect(reader.manifest).toBeDefined();
  });

  it('reads the manifest of empty content', () => {
    const manifest = measured(new Uint8Array());
    const reader = createManifestReader(manifest.root, 0);
    feed(reader, manifest);
    expect(reader.manifest?.count).toBe(0);
  });

  it('reads a manifest in which one page stands many times, and asks for it once', () => {
    const manifest = measured(new Uint8Array(131_072 * 256 * 3 + 5));
    const reader = createManifestReader(manifest.root, manifest.sizeBytes);
    expect(manifest.pages).toHaveLength(5);
    expect(feed(reader, manifest)).toBe(3);
    expect(reader.manifest?.count).toBe(256 * 3 + 1);
  });

  it('ignores a page it did not ask for, and one it has', () => {
    const manifest = madeUpManifest(100, 10);
    const reader = createManifestReader(manifest.root, manifest.sizeBytes);
    reader.add(HASH, Uint8Array.of(1, 2, 3));
    feed(reader, manifest);
    reader.add(manifest.root, Uint8Array.of(9));
    expect(reader.manifest?.count).toBe(100);
  });

  it('refuses a page that does not have its hash, and still takes the right one', () => {
    const manifest = madeUpManifest(100, 10);
    const reader = createManifestReader(manifest.root, manifest.sizeBytes);
    const [page] = manifest.pages;
    expect(() => {
      reader.add(manifest.root, (page?.bytes ?? HASH).with(5, 0));
    }).toThrow(MALFORMED);
    feed(reader, manifest);
    expect(reader.manifest?.count).toBe(100);
  });

  const full = chunks(256);
  const half = chunks(128);
  const overdue = forged({
    level: 0,
    entries: Array.from({ length: 17 }, () => ({ coveredBytes: 8192, hash: HASH.with(0, 3) })),
  });
  const short = forged({ level: 0, entries: [8191, 8192].map((coveredBytes) => ({ coveredBytes, hash: HASH })) });
  /** Distinct pages, of which every sixteenth is short: one more for each page above than there can be. */
  const many = Array.from({ length: 5 }, (_, page) => {
    const below = Array.from({ length: 17 }, (_, n) => ({
      coveredBytes: n < 16 ? 131_072 : 1,
      hash: HASH.with(1, page).with(2, n),
    }));
    return forged({ level: 1, entries: below });
  });
  const manyTop = above(2, ...many);
  const tinyPages = above(1, { ...full, coveredBytes: 40 }, half);
  const larger = { ...half, coveredBytes: half.coveredBytes + 1 };
  const malformed: [name: string, sizeBytes: number, pages: readonly Forged[], reason: string][] = [
    ['another size than is signed', full.coveredBytes + 1, [full], 'are listed'],
    ['empty content in place of a program', 8192, [chunks(0)], 'covers 0 bytes'],
    ['a top page that lists one page', full.coveredBytes, [above(1, full), full], 'do not end where'],
    ['a page below another level', full.coveredBytes * 2, [above(2, full, full), full], 'level 0 below 2'],
    [
      'a page that covers less than is listed',
      full.coveredBytes + larger.coveredBytes,
      [above(1, full, larger), full, half],
      'are listed',
    ],
    [
      'one page listed with two sizes',
      larger.coveredBytes + half.coveredBytes,
      [above(1, larger, half), half],
      'in two ways',
    ],
    ['pages that end too early', full.coveredBytes, [above(1, half, half), half], 'do not end where'],
    ['a page that goes on behind its end', overdue.coveredBytes, [overdue], 'do not end where'],
    ['a short chunk before the last one', short.coveredBytes, [short], 'too short'],
    ['more pages than the size has room for', manyTop.coveredBytes, [manyTop, ...many], 'more than 88 pages'],
    ['a page before the last one that covers too little', tinyPages.coveredBytes, [tinyPages], 'covers too little'],
  ];
  it.each(malformed)('rejects: %s', (_name, sizeBytes, pages, reason) => {
    const reading = (): void => {
      read(sizeBytes, ...pages);
    };
    expect(reading).toThrow(MALFORMED);
    expect(reading).toThrow(reason);
  });

  it('rejects: a page listed with another size once it is known', () => {
    const [first, second] = [above(1, full), above(1, { ...full, coveredBytes: 5 })];
    const top = above(2, first, second);
    const reader = createManifestReader(top.hash, top.coveredBytes);
    for (const page of [top, first, full]) reader.add(page.hash, page.bytes);
    expect(() => {
      reader.add(second.hash, second.bytes);
    }).toThrow('are listed');
  });

  it('cannot be led in circles: a page is taken one level below the one that lists it, and nowhere else', () => {
    const pageOf = (level: number): Forged =>
      level === 0 ? full : forged({ level, entries: [{ coveredBytes: full.coveredBytes, hash: HASH }] });
    for (const lister of [1, 2, 3, 4]) {
      for (const level of [0, 1, 2, 3, 4]) {
        const page = pageOf(level);
        const top = above(lister, page);
        const reader = createManifestReader(top.hash, top.coveredBytes);
        reader.add(top.hash, top.bytes);
        const adding = (): void => {
          reader.add(page.hash, page.bytes);
        };
        // With chunks it is complete, and wrong: no top page lists a single page.
        if (level === lister - 1) expect(thrownBy(adding)).toEqual(level === 0 ? MALFORMED : undefined);
        else expect(adding).toThrow(`level ${level} below ${lister}`);
      }
    }
  });

  it('holds no page of many short chunks, or of pages that cover next to nothing, until the last page shows it', () => {
    for (const level of [0, 1, 2]) {
      const entries = Array.from({ length: 256 }, (_, n) => ({ coveredBytes: 1, hash: HASH.with(1, n) }));
      const tiny = forged({ level, entries });
      const top = above(level + 1, { ...full, coveredBytes: 2 ** 31 }, tiny);
      const reader = createManifestReader(top.hash, top.coveredBytes);
      reader.add(top.hash, top.bytes);
      expect(() => {
        reader.add(tiny.hash, tiny.bytes);
      }).toThrow(level === 0 ? 'too short' : 'covers too little');
    }
  });

  it('asks for a bounded number of pages, whatever they list', () => {
    const sizeBytes = 256 * 1024;
    const page = above(
      2,
      ...Array.from({ length: 256 }, (_, n) => ({ ...full, coveredBytes: 1024, hash: HASH.with(1, n) })),
    );
    const reader = createManifestReader(page.hash, sizeBytes);
    expect(() => {
      reader.add(page.hash, page.bytes);
    }).toThrow(MALFORMED);
    expect(reader.wanted.length).toBeLessThanOrEqual(8);
  });

  it.each([-1, 0.5, NaN, 2 ** 32 + 1])('knows no content of %d bytes', (sizeBytes) => {
    expect(() => createManifestReader(HASH, sizeBytes)).toThrow(RangeError);
  });

  it('reads back what the measure makes of any content', () => {
    const run = (sizeBytes: number, seed: number): void => {
      const manifest = measured(stream(`reader ${seed}`, sizeBytes));
      const reader = createManifestReader(manifest.root, sizeBytes);
      feed(reader, manifest);
      expect(reader.manifest?.pages).toEqual(manifest.pages);
    };
    fc.assert(fc.property(fc.nat(200_000), fc.nat(9), run), { numRuns: 30 });
  });
});
