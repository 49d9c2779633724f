import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { isPeerpatchError } from '../../../src/core/base/errors.ts';
import { MAX_PAGE_BYTES } from '../../../src/core/base/limits.ts';
import { decodePage, encodePage, endsPage } from '../../../src/core/content/page.ts';
import { hexdump } from '../../support/hexdump.ts';

const CHUNKS = hexdump(`
  00                # level 0: chunks
  00200000          # 8192 bytes
  ${'11'.repeat(32)}  # its hash
  00000200          # 131072 bytes
  ${'22'.repeat(32)}  # its hash
`);
const PAGES = hexdump(`
  02                # level 2: pages of level 1
  0000000001000000  # covers 2^32 bytes
  ${'33'.repeat(32)}  # hash of the page
`);
const entry = (lengthHex: string): string => lengthHex + 'aa'.repeat(32);

const malformed: [name: string, hex: string][] = [
  ['nothing', ''],
  ['level 5', `05${entry('0100000000000000')}`],
  ['a level without entries', '01'],
  ['an entry cut short', `00${entry('01000000').slice(2)}`],
  ['a byte behind the entries', `00${entry('01000000')}00`],
  ['257 entries', `00${entry('01000000').repeat(257)}`],
  ['a chunk of no bytes', `00${entry('00000000')}`],
  ['a chunk of one byte too many', `00${entry('01000200')}`],
  ['a page that covers no bytes', `01${entry('0000000000000000')}`],
  ['a page that covers more than a program has', `01${entry('0100000001000000')}`],
  ['a page that covers 2^63 bytes', `04${entry('0000000000000080')}`],
];

describe('page', () => {
  it('reads and writes chunks', () => {
    const page = {
      level: 0,
      entries: [
        { coveredBytes: 8192, hash: new Uint8Array(32).fill(0x11) },
        { coveredBytes: 131072, hash: new Uint8Array(32).fill(0x22) },
      ],
    };
    expect(encodePage(page)).toEqual(CHUNKS);
    expect(decodePage(CHUNKS)).toEqual(page);
  });

  it('reads and writes pages of pages', () => {
    const page = { level: 2, entries: [{ coveredBytes: 2 ** 32, hash: new Uint8Array(32).fill(0x33) }] };
    expect(encodePage(page)).toEqual(PAGES);
    expect(decodePage(PAGES)).toEqual(page);
  });

  it('reads the page of empty content', () => {
    expect(decodePage(Uint8Array.of(0))).toEqual({ level: 0, entries: [] });
  });

  it('has at most the size that the limit names', () => {
    const hash = new Uint8Array(32);
    const full = { level: 4, entries: Array.from({ length: 256 }, () => ({ coveredBytes: 1, hash })) };
    expect(encodePage(full)).toHaveLength(MAX_PAGE_BYTES);
    expect(decodePage(encodePage(full)).entries).toHaveLength(256);
  });

  it('keeps nothing of the bytes it read', () => {
    const bytes = CHUNKS.slice();
    const page = decodePage(bytes);
    bytes.fill(0);
    expect(encodePage(page)).toEqual(CHUNKS);
  });

  it.each(malformed)('rejects: %s', (_name, hex) => {
    expect(() => decodePage(hexdump(hex))).toThrow(expect.objectContaining({ code: 'CONTENT_MALFORMED' }));
  });

  it('is canonical: what it accepts, it writes back byte for byte', () => {
    const bytes = fc.oneof(
      fc.tuple(fc.constantFrom(CHUNKS, PAGES), fc.nat(80), fc.nat(255)).map(([page, at, byte]) => {
        return page.with(at % page.length, byte);
      }),
      fc.uint8Array({ maxLength: 160 }).map((tail) => concatBytes(Uint8Array.of(0), tail)),
    );
    const run = (input: Uint8Array): void => {
      try {
        expect(encodePage(decodePage(input))).toEqual(input);
      } catch (error) {
        if (!isPeerpatchError(error, 'CONTENT_MALFORMED')) throw error;
      }
    };
    fc.assert(fc.property(bytes, run));
  });

  const ends: [name: string, count: number, firstByte: number, isEnd: boolean][] = [
    ['a hash that ends pages, one entry too early', 15, 0, false],
    ['a hash that ends pages', 16, 3, true],
    ['a hash that does not', 16, 4, false],
    ['one below the most entries', 255, 255, false],
    ['the most entries', 256, 255, true],
  ];
  it.each(ends)('page end: %s', (_name, count, firstByte, isEnd) => {
    expect(endsPage(count, new Uint8Array(32).fill(firstByte))).toBe(isEnd);
  });
});
