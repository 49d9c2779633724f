import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { readPeSection } from '../../../src/core/stamp/pe.ts';
import { filler, peHead } from '../../support/stamp-samples.ts';

const section = { offset: 1024, sizeBytes: 176 };
const head = peHead(section);

function changed(offset: number, ...bytes: readonly number[]): Uint8Array {
  const copy = head.slice();
  copy.set(bytes, offset);
  return copy;
}

describe('PE head', () => {
  it('says where the section is, and its length without the padding', () => {
    expect(readPeSection(head)).toEqual(section);
    expect(readPeSection(concatBytes(head, filler(100)))).toEqual(section);
  });

  it('asks for what it needs, and for no more', () => {
    expect(readPeSection(head.slice(0, 63))).toEqual({ need: 64 });
    expect(readPeSection(head.slice(0, 64))).toEqual({ need: 152 });
    expect(readPeSection(head.slice(0, 152))).toEqual({ need: 328 });
    expect(readPeSection(head.slice(0, 328))).toEqual(section);
  });

  it.each([
    ['is no program at all', filler(512)],
    ['has another second magic', changed(128, 0)],
    ['has no section of that name', changed(288, 0x2e, 0x78)],
    ['has a name that only begins so', changed(288 + 7, 0x78)],
    ['points far behind its head', changed(60, 0xff, 0xff, 0xff, 0x7f)],
    ['has a section table longer than any', changed(128 + 6, 0xff, 0xff)],
  ])('names no section when the file %s', (_name, bytes) => {
    expect(readPeSection(bytes)).toBeUndefined();
  });
});
