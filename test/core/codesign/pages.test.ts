import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { createPageHasher } from '../../../src/core/codesign/pages.ts';
import { sha256 } from '../../../src/core/crypto/hash.ts';
import { pseudoRandom } from '../../support/macho-samples.ts';

const FILE = pseudoRandom('pages', 20_000);

describe('page hashes', () => {
  it.each([4096, 16_384])('are those of each page of %d bytes, however the file arrives', (pageBytes) => {
    fc.assert(
      fc.property(fc.nat(20_000), fc.array(fc.nat(20_000), { maxLength: 8 }), (length, cuts) => {
        const file = FILE.subarray(0, length);
        const hasher = createPageHasher(pageBytes);
        const ends = [...cuts.map((cut) => Math.min(cut, length)).sort((a, b) => a - b), length];
        for (const [index, end] of ends.entries()) hasher.update(file.subarray(ends[index - 1] ?? 0, end));
        const pages = Array.from({ length: Math.ceil(length / pageBytes) }, (_, page) =>
          sha256(file.subarray(page * pageBytes, (page + 1) * pageBytes)),
        );
        expect(hasher.finish()).toEqual(concatBytes(...pages));
      }),
    );
  });

  it('are kept for as many pages as there are', () => {
    const hasher = createPageHasher(4096);
    for (let page = 0; page < 1000; page++) hasher.update(new Uint8Array(4096).fill(page));
    const hashes = hasher.finish();
    expect(hashes).toHaveLength(32_000);
    expect(hashes.subarray(999 * 32)).toEqual(sha256(new Uint8Array(4096).fill(999)));
  });

  it('may come from memory that is used again', () => {
    const hasher = createPageHasher(4096);
    const piece = new Uint8Array(1000).fill(1);
    hasher.update(piece);
    piece.fill(2);
    expect(hasher.finish()).toEqual(sha256(new Uint8Array(1000).fill(1)));
  });
});
