import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { anchorBytes } from '../../../src/core/stamp/marker.ts';
import { createPositionWatch, type Binding } from '../../../src/core/stamp/position.ts';
import { elfWithoutRegion, failure, filler, machOHead, peHead } from '../../support/stamp-samples.ts';

/** What holds a region at `regionOffset` of the program without it. */
function bindingOf(withoutRegion: Uint8Array, regionOffset: number, pieceBytes = 100): Binding {
  const watch = createPositionWatch();
  for (let at = 0; at < withoutRegion.length; at += pieceBytes) {
    watch.update(withoutRegion.subarray(at, at + pieceBytes));
  }
  return watch.finish(regionOffset);
}

const place = { offset: 600, sizeBytes: 176 };
const anchored = concatBytes(filler(580), anchorBytes(), filler(400));
const bound: [name: string, binding: Binding, bytes: Uint8Array][] = [
  ['an anchor', 'anchor', anchored],
  ['an ELF section', 'section', elfWithoutRegion({ regionOffset: 600 })],
  ['an ELF section, its headers in front', 'section', elfWithoutRegion({ regionOffset: 600, headersFirst: true })],
  ['a Mach-O section', 'section', concatBytes(machOHead({ section: place }), filler(1000))],
  ['a PE section', 'section', concatBytes(peHead(place), filler(1000))],
];

describe("the region's place", () => {
  it.each(bound)('is bound by %s', (_name, binding, bytes) => {
    for (const pieceBytes of [1, 19, 100, bytes.length]) expect(bindingOf(bytes, 600, pieceBytes)).toBe(binding);
  });

  it.each(bound)('is nowhere else: %s', (_name, _binding, bytes) => {
    for (const offset of [0, 70, 580, 590, 599, 601, 776, bytes.length]) {
      expect(() => bindingOf(bytes, offset)).toThrow(failure('STAMP_MALFORMED'));
    }
  });

  it('is bound by both when both are there', () => {
    const bytes = elfWithoutRegion({ regionOffset: 600 });
    bytes.set(anchorBytes(), 580);
    expect(bindingOf(bytes, 600)).toBe('anchor');
    const contradicting = elfWithoutRegion({ regionOffset: 700 });
    contradicting.set(anchorBytes(), 580);
    expect(() => bindingOf(contradicting, 600)).toThrow(failure('STAMP_MALFORMED'));
    expect(() => bindingOf(contradicting, 700)).toThrow(failure('STAMP_MALFORMED'));
  });

  it('is not bound in a program that has neither', () => {
    expect(bindingOf(filler(1000), 600)).toBe('none');
    expect(bindingOf(new Uint8Array(), 0)).toBe('none');
  });

  it('cannot be told by two anchors', () => {
    const twice = concatBytes(anchored, anchorBytes());
    for (const offset of [600, twice.length]) {
      expect(() => bindingOf(twice, offset)).toThrow(failure('STAMP_MALFORMED'));
    }
  });

  it('takes a section of another length for moved', () => {
    const bytes = elfWithoutRegion({ regionOffset: 600, statedBytes: 177 });
    expect(() => bindingOf(bytes, 600)).toThrow(failure('STAMP_MALFORMED'));
  });
});
