import fc from 'fast-check';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createElfWatch, readElfHead } from '../../../src/core/stamp/elf.ts';
import type { SectionPlace } from '../../../src/core/stamp/section.ts';
import { elfWithoutRegion, filler, type ElfOptions } from '../../support/stamp-samples.ts';

/** What a program without its region states, read in pieces. */
function sectionOf(bytes: Uint8Array, pieceBytes = bytes.length): SectionPlace | undefined {
  const head = readElfHead(bytes.subarray(0, 64));
  if (head === undefined || 'need' in head) return undefined;
  const watch = createElfWatch(head);
  for (let at = 0; at < bytes.length; at += pieceBytes) watch.update(bytes.subarray(at, at + pieceBytes));
  return watch.finish();
}

const KINDS: [name: string, options: ElfOptions][] = [
  ['64 bit', {}],
  ['32 bit', { bits: 32 }],
  ['64 bit, big-endian', { little: false }],
  ['32 bit, big-endian', { bits: 32, little: false }],
  ['the older name of the section', { name: '.embedded_signature' }],
  ['a name that ends so', { name: '.embsig' }],
];

describe('ELF sections', () => {
  it.each(KINDS)('are found behind the region: %s', (_name, options) => {
    for (const pieceBytes of [1, 7, 64, 500, 2000]) {
      expect(sectionOf(elfWithoutRegion(options), pieceBytes)).toEqual({ offset: 300, sizeBytes: 176 });
    }
  });

  it.each(KINDS)('are found in front of the region: %s', (_name, options) => {
    const bytes = elfWithoutRegion({ ...options, regionOffset: 1500, headersFirst: true });
    expect(sectionOf(bytes, 100)).toEqual({ offset: 1500, sizeBytes: 176 });
  });

  it('are found when the headers stand on one side of the region and the names on the other', () => {
    expect(sectionOf(elfWithoutRegion({ regionOffset: 1100 }))).toEqual({ offset: 1100, sizeBytes: 176 });
  });

  it("say what they say, true or not: comparing is the caller's", () => {
    expect(sectionOf(elfWithoutRegion({ statedBytes: 180 }))).toEqual({ offset: 300, sizeBytes: 180 });
  });

  it.each([
    ['another name', { name: '.embsih' }],
    ['a longer name', { name: '.embsig2' }],
    ['no name', { name: '' }],
  ])('are not found under %s', (_name, options) => {
    expect(sectionOf(elfWithoutRegion(options))).toBeUndefined();
  });

  it('count where they agree with what they say, not where other bytes look like them', () => {
    const bytes = elfWithoutRegion(); // the headers stand at 1024; the file says 1200, counted with the region
    const another = elfWithoutRegion({ statedOffset: 500 }).slice(1024, 1024 + 192);
    bytes.set(another.subarray(64), 1200 + 64);
    expect(sectionOf(bytes)).toEqual({ offset: 300, sizeBytes: 176 });
  });

  it('are read when they stand so far in front that no region fits before them', () => {
    const options: ElfOptions = { regionOffset: 400, headersFirst: true };
    expect(sectionOf(elfWithoutRegion(options))).toEqual({ offset: 400, sizeBytes: 176 });
    expect(sectionOf(elfWithoutRegion({ ...options, name: '.text' }))).toBeUndefined();
  });

  it('state nothing when the file ends before them', () => {
    expect(sectionOf(elfWithoutRegion().slice(0, 1000))).toBeUndefined();
  });

  it.each([
    ['no ELF file', filler(64)],
    ['no width', elfWithoutRegion().with(4, 3)],
    ['no byte order', elfWithoutRegion().with(5, 0)],
    ['no section headers', elfWithoutRegion().with(40, 0).with(41, 0)],
    ['headers behind every file', elfWithoutRegion().with(47, 0x7f)],
    ['headers of another length', elfWithoutRegion().with(58, 65)],
    ['more sections than any program', elfWithoutRegion().with(61, 0xff)],
    ['a table of names that is not there', elfWithoutRegion().with(62, 3)],
  ])('are not looked for: %s', (_name, bytes) => {
    expect(readElfHead(bytes)).toBeUndefined();
  });

  it('need 64 bytes to be looked for', () => {
    expect(readElfHead(elfWithoutRegion().slice(0, 63))).toEqual({ need: 64 });
  });

  it('are read without a failure, whatever they say', () => {
    const bytes = elfWithoutRegion();
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 6 }), (edits) => {
        const edited = bytes.slice();
        for (const [offset, byte] of edits) edited[offset] = byte;
        sectionOf(edited);
      }),
      { numRuns: 1000 },
    );
  });

  it.skipIf(!existsSync('/usr/bin/true'))('of a real program are read, and name no region', () => {
    const program = readFileSync('/usr/bin/true');
    expect(readElfHead(program)).toMatchObject({ wide: true });
    expect(sectionOf(program)).toBeUndefined();
  });
});
