/**
 * Random pages and manifests: refused with their own error, or written back byte for byte; and work that stays bounded.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { equalBytes } from '../../src/core/base/bytes.ts';
import { createManifestReader } from '../../src/core/content/manifest-reader.ts';
import { decodePage, encodePage, type PageEntry } from '../../src/core/content/page.ts';
import { sha256 } from '../../src/core/crypto/hash.ts';
import { feed, madeUpManifest } from '../support/manifest-samples.ts';
import { accepts, bytesNear, FUZZ_RUNS, regressions } from '../support/fuzz.ts';

const HASH = new Uint8Array(32).fill(0xee);
const samples = [0, 1, 4].map((level) => encodePage({ level, entries: [{ coveredBytes: 9000, hash: HASH }] }));

function checkPage(bytes: Uint8Array): void {
  accepts(() => {
    expect(encodePage(decodePage(bytes))).toEqual(bytes);
  }, 'CONTENT_MALFORMED');
}

it('pages', () => {
  fc.assert(fc.property(bytesNear(...samples), checkPage), { numRuns: FUZZ_RUNS });
});

/** A tree of pages under right hashes, of any shape, with sizes that often add up. */
interface Tree {
  readonly level: number;
  readonly below: readonly Tree[];
  readonly lengths: readonly number[];
}
const tree: fc.Memo<Tree> = fc.memo((depth) =>
  fc.record({
    level: fc.constantFrom(depth - 1, depth - 1, depth - 1, 0, 4),
    below: depth <= 1 ? fc.constant([]) : fc.array(tree(depth - 1), { minLength: 1, maxLength: 3 }),
    lengths: fc.array(fc.constantFrom(1, 8191, 8192, 131_072), { maxLength: 20 }),
  }),
);

it('manifests of any shape: at most what the size has room for is asked for', () => {
  const run = (shape: Tree, sizeChange: number): void => {
    const pages: { hash: Uint8Array; bytes: Uint8Array }[] = [];
    const write = ({ level, below, lengths }: Tree): PageEntry => {
      const entries =
        below.length > 0 ? below.map(write) : lengths.map((coveredBytes) => ({ coveredBytes, hash: HASH }));
      const bytes = encodePage({ level, entries });
      const hash = sha256(bytes);
      pages.push({ hash, bytes });
      return { hash, coveredBytes: entries.reduce((sum, entry) => sum + entry.coveredBytes, 0) };
    };
    const top = write(shape);
    const sizeBytes = Math.max(top.coveredBytes + sizeChange, 0);
    const reader = createManifestReader(top.hash, sizeBytes);
    accepts(() => {
      feed(reader, { pages });
      expect(reader.manifest?.root).toEqual(top.hash);
      expect(reader.manifest?.sizeBytes).toBe(sizeBytes);
    }, 'CONTENT_MALFORMED');
    expect(reader.wanted.length).toBeLessThanOrEqual(sizeBytes / 8192 + 6);
  };
  fc.assert(fc.property(tree(3), fc.constantFrom(0, 0, 0, 1, -1), run), { numRuns: FUZZ_RUNS });
});

it('right pages under another top page: only what builds the same root anew is read', () => {
  const { pages } = madeUpManifest(1000, 1000);
  const listed = decodePage(pages.at(-1)?.bytes ?? HASH).entries;
  const edit = fc.record({
    kind: fc.constantFrom('remove', 'repeat', 'swap', 'swap', 'size'),
    from: fc.nat(listed.length - 1),
    to: fc.nat(listed.length - 1),
  });
  const read = { accepted: 0, refused: 0 };
  const run = (edits: readonly { kind: string; from: number; to: number }[]): void => {
    const entries = [...listed];
    for (const { kind, from, to } of edits) {
      const [one, other] = [entries[from], entries[to]];
      if (one === undefined || other === undefined || entries.length < 3) continue;
      if (kind === 'remove') entries.splice(from, 1);
      else if (kind === 'repeat') entries.splice(to, 0, one);
      else if (kind === 'swap') [entries[from], entries[to]] = [other, one];
      else entries[from] = { ...one, coveredBytes: other.coveredBytes };
    }
    const bytes = encodePage({ level: 1, entries });
    const hash = sha256(bytes);
    const sizeBytes = entries.reduce((sum, { coveredBytes }) => sum + coveredBytes, 0);
    const reader = createManifestReader(hash, sizeBytes);
    const isRight = accepts(() => {
      feed(reader, { pages: [...pages, { hash, bytes }] });
      expect(reader.manifest?.root).toEqual(hash);
      expect(reader.manifest?.sizeBytes).toBe(sizeBytes);
    }, 'CONTENT_MALFORMED');
    // The last page alone may end early, so it cannot stand anywhere else.
    const last = listed.at(-1);
    if (entries.slice(0, -1).some(({ hash: name }) => name === last?.hash)) expect(isRight).toBe(false);
    read[isRight ? 'accepted' : 'refused'] += 1;
  };
  fc.assert(fc.property(fc.array(edit, { maxLength: 3 }), run), { numRuns: Math.ceil(FUZZ_RUNS / 20) });
  expect(Math.min(read.accepted, read.refused)).toBeGreaterThan(FUZZ_RUNS / 200);
});

it('a right manifest with one page changed, under the hash it then has', () => {
  const manifest = madeUpManifest(40, 1000);
  const [page] = manifest.pages;
  const run = (bytes: Uint8Array): void => {
    const hash = sha256(bytes);
    const reader = createManifestReader(hash, manifest.sizeBytes);
    accepts(() => {
      reader.add(hash, bytes);
      expect(equalBytes(reader.manifest?.pages[0]?.bytes ?? bytes, bytes)).toBe(true);
    }, 'CONTENT_MALFORMED');
  };
  fc.assert(fc.property(bytesNear(page?.bytes ?? HASH), run), { numRuns: FUZZ_RUNS });
});

it.each(regressions('manifest'))('regression: %s', (_name, bytes) => {
  checkPage(bytes);
});
