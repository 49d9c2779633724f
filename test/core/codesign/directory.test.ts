import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPeerpatchError } from '../../../src/core/base/errors.ts';
import { encodeCodeDirectory, readCodeDirectory } from '../../../src/core/codesign/directory.ts';
import { hexdump } from '../../support/hexdump.ts';
import { edited } from '../../support/macho-samples.ts';
import { failure } from '../../support/stamp-samples.ts';

const GOLDEN = hexdump(`
  fade0c02          # magic
  0000009d          # length: 157
  00020400          # version
  00020002          # flags: ad hoc, made by a linker
  0000005d          # hashes at 93
  00000058          # identifier at 88
  00000000          # special slots
  00000002          # pages
  00001010          # bytes covered: 4112
  20 02 00 0c       # 32 bytes of SHA-256, platform, pages of 2^12 bytes
  00000000          # spare
  00000000          # scatter
  00000000          # team
  00000000          # spare
  0000000000000000  # codeLimit64
  0000000000000000  # __TEXT begins at 0
  0000000000000400  # and has 1024 bytes
  0000000000000001  # a main program
  64656d6f 00       # "demo"
  ${'00'.repeat(64)}
`);
const NEW = { identifier: 'demo', codeBytes: 4112, textBytes: 1024 };

describe('code directory', () => {
  it('is written as linkers write it', () => {
    expect(encodeCodeDirectory(NEW)).toEqual(GOLDEN);
  });

  it('is read back', () => {
    expect(readCodeDirectory(GOLDEN, 4112)).toEqual({
      lengthBytes: 157,
      flags: 0x20002,
      identifier: 'demo',
      pageBytes: 4096,
      pageCount: 2,
      hashesAt: 93,
      specialSlots: 0,
    });
  });

  it('is read before its hashes are there, and asks for no more', () => {
    expect(readCodeDirectory(GOLDEN.slice(0, 43), 4112)).toEqual({ need: 44 });
    expect(readCodeDirectory(GOLDEN.slice(0, 44), 4112)).toEqual({ need: 93 });
    expect(readCodeDirectory(GOLDEN.slice(0, 93), 4112)).toMatchObject({ identifier: 'demo' });
  });

  it('is read with pages of 16 KiB, of which the last may be short', () => {
    const bytes = edited(GOLDEN, [[28, 1]]).with(39, 14);
    expect(readCodeDirectory(bytes, 4112)).toMatchObject({ pageBytes: 16_384, pageCount: 1 });
  });

  it.each([0x20001, 0x20100, 0x20200, 0x20300, 0x20400])('is read in version %s', (version) => {
    expect(readCodeDirectory(edited(GOLDEN, [[8, version]]), 4112)).toMatchObject({ identifier: 'demo' });
  });

  const malformed: [name: string, bytes: Uint8Array][] = [
    ['another magic', GOLDEN.with(3, 3)],
    ['a version before the first', edited(GOLDEN, [[8, 0x20000]])],
    ['a version of another kind', edited(GOLDEN, [[8, 0x30000]])],
    ['a fixed part longer than there is room for', edited(GOLDEN, [[8, 0x20500]])],
    ['SHA-1', GOLDEN.with(36, 20).with(37, 1)],
    ['a cut SHA-256', GOLDEN.with(37, 3)],
    ['pages of another size', GOLDEN.with(39, 13)],
    ['one page for all', GOLDEN.with(39, 0)],
    ['other bytes covered', edited(GOLDEN, [[32, 4111]])],
    ['a page less', edited(GOLDEN, [[28, 1]])],
    ['a page more', edited(GOLDEN, [[28, 3]])],
    ['hashes behind the end', edited(GOLDEN, [[16, 94]])],
    ['hashes in the fixed part', edited(GOLDEN, [[16, 87]])],
    ['a length below its hashes', edited(GOLDEN, [[4, 156]])],
    ['special slots in the fixed part', edited(GOLDEN, [[24, 1]])],
    ['more special slots than any', edited(GOLDEN, [[24, 17]])],
    ['an identifier in the fixed part', edited(GOLDEN, [[20, 87]])],
    ['an identifier among the hashes', edited(GOLDEN, [[20, 93]])],
    ['an identifier without its end', GOLDEN.with(92, 0x6f)],
    ['no identifier', GOLDEN.with(88, 0)],
    ['an identifier with a space', GOLDEN.with(90, 0x20)],
    ['pages that are scattered', edited(GOLDEN, [[44, 1]])],
    ['a limit of 64 bits', edited(GOLDEN, [[60, 4112]])],
    ['spare bytes in use', edited(GOLDEN, [[40, 1]])],
  ];
  it.each(malformed)('CODE_SIGNATURE_INVALID: %s', (_name, bytes) => {
    expect(() => readCodeDirectory(bytes, 4112)).toThrow(failure('CODE_SIGNATURE_INVALID'));
  });

  it('does not write what cannot be read', () => {
    for (const identifier of ['', 'a b', 'ä', 'x'.repeat(201)])
      expect(() => encodeCodeDirectory({ ...NEW, identifier })).toThrow(RangeError);
  });

  it('has one encoding: what was read of a new one writes it again', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[!-~]{1,200}$/),
        fc.integer({ min: 1, max: 200_000 }),
        (identifier, codeBytes) => {
          const bytes = encodeCodeDirectory({ identifier, codeBytes, textBytes: 77 });
          const read = readCodeDirectory(bytes, codeBytes);
          if ('need' in read) throw new Error('cut off');
          expect(encodeCodeDirectory({ identifier: read.identifier, codeBytes, textBytes: 77 })).toEqual(bytes);
          expect(read.hashesAt + read.pageCount * 32).toBe(bytes.length);
        },
      ),
    );
  });

  it('reads or fails with its own error, whatever is changed', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(156), fc.nat(255)), { maxLength: 4 }), (edits) => {
        const bytes = GOLDEN.slice();
        for (const [at, byte] of edits) bytes[at] = byte;
        try {
          readCodeDirectory(bytes, 4112);
        } catch (error) {
          expect(isPeerpatchError(error, 'CODE_SIGNATURE_INVALID')).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
