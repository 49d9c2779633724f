import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readFormat } from '../../../src/core/stamp/format.ts';
import { hexdump } from '../../support/hexdump.ts';

const padded = (head: string, length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  bytes.set(hexdump(head));
  return bytes;
};
function pe(start: number, machine: string, length = start + 6): Uint8Array {
  const bytes = padded('4d5a # MZ', Math.max(length, 64));
  new DataView(bytes.buffer).setUint32(60, start, true);
  if (length >= start + 6) bytes.set(hexdump(`50450000 ${machine} # PE, processor`), start);
  return bytes;
}

const cases: [name: string, head: Uint8Array, format: string | undefined][] = [
  ['ELF, little-endian, x64', padded('7f454c46 02 01 01 00 0000000000000000 0200 3e00', 64), 'elf-x64'],
  ['ELF, little-endian, arm64', padded('7f454c46 02 01 01 00 0000000000000000 0200 b700', 64), 'elf-arm64'],
  ['ELF, big-endian, s390x', padded('7f454c46 02 02 01 00 0000000000000000 0002 0016', 64), 'elf-22'],
  ['Mach-O, little-endian, arm64', padded('cffaedfe 0c000001', 32), 'macho-arm64'],
  ['Mach-O, little-endian, x64', padded('cffaedfe 07000001', 32), 'macho-x64'],
  ['Mach-O, big-endian, powerpc', padded('feedface 00000012', 32), 'macho-18'],
  ['PE, x64', pe(128, '6486'), 'pe-x64'],
  ['PE, arm64', pe(128, '64aa'), 'pe-arm64'],
  ['MZ without PE', padded('4d5a', 256), undefined],
  ['PE further away than any', pe(4097, '6486'), undefined],
  ['a script', padded('23212f62696e2f7368', 64), undefined],
];

describe('readFormat', () => {
  it.each(cases)('reads: %s', (_name, head, format) => {
    expect(readFormat(head)).toEqual({ format });
  });

  it.each(cases)('asks for more until it has enough, and for no more than that: %s', (_name, head, format) => {
    let length = 1;
    for (;;) {
      const result = readFormat(head.subarray(0, length));
      if (!('need' in result)) {
        expect(result).toEqual({ format });
        return;
      }
      expect(result.need).toBeGreaterThan(length);
      expect(result.need).toBeLessThanOrEqual(head.length);
      length = result.need;
    }
  });

  it('knows the program that runs this test', () => {
    const result = readFormat(readFileSync(process.execPath).subarray(0, 4096));
    const container = { linux: 'elf', darwin: 'macho', win32: 'pe' }[process.platform as string] ?? 'elf';
    expect(result).toEqual({ format: `${container}-${process.arch}` });
  });

  it('never throws, and never asks for much', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...cases), (noise, [, head]) => {
        const bytes = head.slice();
        bytes.set(noise.subarray(0, bytes.length), 0);
        const result = readFormat(bytes);
        if ('need' in result) expect(result.need).toBeLessThanOrEqual(4096 + 6);
      }),
    );
  });
});
