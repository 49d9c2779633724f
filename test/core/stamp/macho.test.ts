import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { isPeerpatchError } from '../../../src/core/base/errors.ts';
import { readMachO } from '../../../src/core/stamp/macho.ts';
import { failure, filler, loadCommand, machOHead, type MachOOptions } from '../../support/stamp-samples.ts';
import { hexdump } from '../../support/hexdump.ts';

const KINDS: [name: string, options: MachOOptions][] = [
  ['64 bit', {}],
  ['32 bit', { bits: 32 }],
  ['64 bit, big-endian', { little: false }],
  ['32 bit, big-endian', { bits: 32, little: false }],
];
const codeSignature = { offset: 5000, sizeBytes: 400 };
const section = { offset: 2000, sizeBytes: 176 };

const GOLDEN = hexdump(`
  cffaedfe          # magic, 64 bit little-endian
  0c000001 00000000 # processor
  02000000          # kind: program
  01000000          # one load command
  10000000          # of 16 bytes
  00000000 00000000 # flags
  1d000000 10000000 # LC_CODE_SIGNATURE, 16 bytes
  88130000          # dataoff 5000
  90010000          # datasize 400
`);

describe('Mach-O head', () => {
  it('says where the code signature begins and the file ends', () => {
    expect(readMachO(GOLDEN)).toEqual({ signedBytes: 5000, fileBytes: 5400, section: undefined });
  });

  it.each(KINDS)('is read: %s', (_name, options) => {
    const head = machOHead({ ...options, codeSignature, section });
    expect(readMachO(concatBytes(head, filler(100)))).toEqual({ signedBytes: 5000, fileBytes: 5400, section });
    expect(readMachO(machOHead(options))).toEqual({ signedBytes: undefined, fileBytes: undefined, section: undefined });
  });

  it('asks for what it needs, and for no more', () => {
    const head = machOHead({ codeSignature, section });
    expect(readMachO(head.slice(0, 3))).toEqual({ need: 4 });
    expect(readMachO(head.slice(0, 4))).toEqual({ need: 32 });
    expect(readMachO(machOHead({ bits: 32 }).slice(0, 4))).toEqual({ need: 28 });
    expect(readMachO(head.slice(0, 32))).toEqual({ need: head.length });
    expect(readMachO(head.slice(0, -1))).toEqual({ need: head.length });
  });

  it.each([
    ['an ELF file', '7f454c46'],
    ['a PE file', '4d5a9000'],
    ['anything else', '00000000'],
  ])('is not seen in %s', (_name, start) => {
    expect(readMachO(hexdump(start))).toBeUndefined();
  });

  it.each(['cafebabe', 'cafebabf', 'bebafeca', 'bfbafeca'])('refuses several programs in one file: %s', (magic) => {
    expect(() => readMachO(hexdump(magic))).toThrow(failure('STAMP_MALFORMED'));
    expect(() => readMachO(hexdump(magic))).toThrow(/one file for each/);
  });

  /** The golden head with one 32-bit field changed. */
  const changed = (offset: number, value: number, more = new Uint8Array()): Uint8Array => {
    const head = concatBytes(GOLDEN, more);
    new DataView(head.buffer).setUint32(offset, value, true);
    return head;
  };
  const unevenCommand = changed(20, 18, new Uint8Array(2));
  unevenCommand.set([0x2a, 0, 0, 0, 18], 32);
  const badSegment = machOHead({ section });
  new DataView(badSegment.buffer).setUint32(32 + 64, 3, true); // a section more than there is room for
  const shortSegment = machOHead({ more: [loadCommand(0x19, true, [0, 0])] });

  it.each([
    ['more commands than there are', changed(16, 2)],
    ['fewer commands than there are', changed(16, 0)],
    ['a command of no length', changed(36, 0)],
    ['a command of seven bytes', changed(36, 7)],
    ['a command of uneven length', unevenCommand],
    ['a command longer than all together', changed(36, 20, new Uint8Array(8))],
    ['commands longer than those of any program', changed(20, 256 * 1024 + 1)],
    ['a code signature command of another length', changed(20, 20, new Uint8Array(4)).with(36, 20)],
    ['two code signatures', machOHead({ codeSignature, more: [loadCommand(0x1d, true, [6000, 10])] })],
    ['a code signature inside the head', changed(40, 47)],
    ['a segment with more sections than room', badSegment],
    ['a segment without room for its own fields', shortSegment],
  ])('STAMP_MALFORMED: %s', (_name, head) => {
    expect(() => readMachO(head)).toThrow(failure('STAMP_MALFORMED'));
  });

  it('takes a code signature directly behind the head', () => {
    expect(readMachO(changed(40, 48))).toMatchObject({ signedBytes: 48 });
  });

  it('answers or fails with its own error, whatever the head', () => {
    const head = machOHead({ codeSignature, section });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(head.length - 1), fc.nat(255)), { maxLength: 4 }), (edits) => {
        const edited = head.slice();
        for (const [offset, byte] of edits) edited[offset] = byte;
        try {
          readMachO(edited);
        } catch (error) {
          expect(isPeerpatchError(error, 'STAMP_MALFORMED')).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
