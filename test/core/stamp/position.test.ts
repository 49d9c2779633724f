import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { anchorBytes } from '../../../src/core/stamp/marker.ts';
import { createPositionWatch, type Binding, type Bound } from '../../../src/core/stamp/position.ts';
import { elfWithoutRegion, failure, filler, machOHead, peHead } from '../../support/stamp-samples.ts';

/** What holds a region at `regionOffset` of the program without it. */
function boundOf(withoutRegion: Uint8Array, regionOffset: number, pieceBytes = 100): Bound {
  const watch = createPositionWatch();
  for (let at = 0; at < withoutRegion.length; at += pieceBytes) {
    watch.update(withoutRegion.subarray(at, at + pieceBytes));
  }
  return watch.finish(regionOffset);
}

function bindingOf(withoutRegion: Uint8Array, regionOffset: number, pieceBytes?: number): Binding {
  return boundOf(withoutRegion, regionOffset, pieceBytes).binding;
}

const REGION_AT = 1600;
const ANCHOR_AT = REGION_AT - 1104 - 20;
const BLOCK = filler(1104, 77);
const place = { offset: REGION_AT, sizeBytes: 176 };
const anchored = concatBytes(filler(ANCHOR_AT), anchorBytes(), BLOCK, filler(400));
const bound: [name: string, binding: Binding, bytes: Uint8Array][] = [
  ['an anchor', 'anchor', anchored],
  ['an ELF section', 'section', elfWithoutRegion({ regionOffset: REGION_AT })],
  [
    'an ELF section, its headers in front',
    'section',
    elfWithoutRegion({ regionOffset: REGION_AT, headersFirst: true }),
  ],
  ['a Mach-O section', 'section', concatBytes(machOHead({ section: place }), filler(2000))],
  ['a PE section', 'section', concatBytes(peHead(place), filler(2000))],
];

describe("the region's place", () => {
  it.each(bound)('is bound by %s', (_name, binding, bytes) => {
    for (const pieceBytes of [1, 19, 100, bytes.length]) expect(bindingOf(bytes, REGION_AT, pieceBytes)).toBe(binding);
  });

  it.each(bound)('is nowhere else: %s', (_name, _binding, bytes) => {
    for (const offset of [
      0,
      70,
      ANCHOR_AT,
      ANCHOR_AT + 10,
      ANCHOR_AT + 20,
      REGION_AT - 1,
      REGION_AT + 1,
      REGION_AT + 176,
      bytes.length,
    ]) {
      expect(() => bindingOf(bytes, offset)).toThrow(failure('STAMP_MALFORMED'));
    }
  });

  it('is bound by both when both are there', () => {
    const bytes = elfWithoutRegion({ regionOffset: REGION_AT });
    bytes.set(anchorBytes(), ANCHOR_AT);
    expect(bindingOf(bytes, REGION_AT)).toBe('anchor');
    const contradicting = elfWithoutRegion({ regionOffset: 1700 });
    contradicting.set(anchorBytes(), ANCHOR_AT);
    expect(() => bindingOf(contradicting, REGION_AT)).toThrow(failure('STAMP_MALFORMED'));
    expect(() => bindingOf(contradicting, 1700)).toThrow(failure('STAMP_MALFORMED'));
  });

  it('keeps the release block behind the anchor, whatever the pieces', () => {
    for (const pieceBytes of [1, 7, 19, 100, 1103, anchored.length]) {
      expect(boundOf(anchored, REGION_AT, pieceBytes).block).toEqual(BLOCK);
    }
    expect(boundOf(filler(3000), REGION_AT).block).toBeUndefined();
  });

  it('is not there when the file ends inside the release block', () => {
    const cut = anchored.subarray(0, REGION_AT - 1);
    for (const offset of [cut.length, ANCHOR_AT + 20]) {
      expect(() => boundOf(cut, offset)).toThrow(failure('STAMP_MALFORMED'));
    }
  });

  it('is not bound in a program that has neither', () => {
    expect(bindingOf(filler(1000), 600)).toBe('none');
    expect(bindingOf(new Uint8Array(), 0)).toBe('none');
  });

  it('cannot be told by two anchors', () => {
    const twice = concatBytes(anchored, anchorBytes());
    for (const offset of [REGION_AT, twice.length]) {
      expect(() => bindingOf(twice, offset)).toThrow(failure('STAMP_MALFORMED'));
    }
  });

  it('takes a section of another length for moved', () => {
    const bytes = elfWithoutRegion({ regionOffset: REGION_AT, statedBytes: 177 });
    expect(() => bindingOf(bytes, REGION_AT)).toThrow(failure('STAMP_MALFORMED'));
  });
});
