import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/core/base/hex.ts';
import { sha256 } from '../../../src/core/crypto/hash.ts';
import { createContentMeasure, type ContentKind } from '../../../src/core/content/measure-content.ts';
import { measured, stream } from '../../support/manifest-samples.ts';

const CONTENT = stream('measure', 300_000);

describe('content measure', () => {
  it('names every chunk by the hash of its bytes, one behind the other', () => {
    const manifest = measured(CONTENT);
    let offset = 0;
    for (let index = 0; index < manifest.count; index++) {
      expect(manifest.offsetAt(index)).toBe(offset);
      const chunk = CONTENT.subarray(offset, offset + manifest.lengthAt(index));
      expect(manifest.hashAt(index)).toEqual(sha256(chunk));
      offset += chunk.length;
    }
    expect(offset).toBe(CONTENT.length);
  });

  it('gives the same root for pieces of any length', () => {
    const root = toHex(measured(CONTENT).root);
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 400_000 }), (pieceBytes) => {
        expect(toHex(measured(CONTENT, pieceBytes).root)).toBe(root);
      }),
      { numRuns: 25 },
    );
  });

  it('cuts a delta by its length, and a program by its bytes', () => {
    const lengthsOf = (kind: ContentKind): number[] => {
      const manifest = measured(CONTENT, 70_000, kind);
      return Array.from({ length: manifest.count }, (_, index) => manifest.lengthAt(index));
    };
    expect(lengthsOf('delta')).toEqual([131_072, 131_072, 37_856]);
    expect(lengthsOf('image').length).toBeGreaterThan(4);
  });

  it('does not need a piece after it was given', () => {
    const measure = createContentMeasure('image');
    const piece = new Uint8Array(10_000);
    for (let at = 0; at < CONTENT.length; at += piece.length) {
      piece.set(CONTENT.subarray(at, at + piece.length));
      measure.update(piece);
    }
    piece.fill(0);
    expect(toHex(measure.finish().root)).toBe(toHex(measured(CONTENT).root));
  });

  it('knows empty content by the one page that lists nothing', () => {
    const { root, sizeBytes, count, pages } = measured(new Uint8Array());
    expect({ sizeBytes, count, pages: pages.map(({ bytes }) => [...bytes]) }).toEqual({
      sizeBytes: 0,
      count: 0,
      pages: [[0]],
    });
    expect(root).toEqual(sha256(Uint8Array.of(0)));
  });
});
