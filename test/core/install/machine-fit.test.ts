import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_PROGRAM_HEAD_BYTES } from '../../../src/core/base/limits.ts';
import {
  contradicts,
  headerMisfit,
  readProgramHeader,
  targetMisfit,
  type Machine,
  type ProgramHeader,
} from '../../../src/core/install/machine-fit.ts';

const linux = (arch: string, isLittleEndian = true): Machine => ({ platform: 'linux', arch, isLittleEndian });
const LOADER = '/lib64/ld-linux-x86-64.so.2\0';

interface ElfOptions {
  readonly bits?: 32 | 64;
  readonly isLittleEndian?: boolean;
  readonly machine?: number;
  /** Empty: it needs none. */
  readonly loader?: string;
}

/** An ELF head with one program header, of PT_INTERP or PT_LOAD, and the loader's path behind it. */
function elf({ bits = 64, isLittleEndian = true, machine = 62, loader = LOADER }: ElfOptions = {}): Uint8Array {
  const bytes = new Uint8Array(256);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, bits === 64 ? 2 : 1, isLittleEndian ? 1 : 2, 1]);
  view.setUint16(18, machine, isLittleEndian);
  const wide = (at: number, value: number): void => {
    if (bits === 64) view.setBigUint64(at, BigInt(value), isLittleEndian);
    else view.setUint32(at, value, isLittleEndian);
  };
  wide(bits === 64 ? 32 : 28, 64);
  view.setUint16(bits === 64 ? 54 : 42, bits === 64 ? 56 : 32, isLittleEndian);
  view.setUint16(bits === 64 ? 56 : 44, 1, isLittleEndian);
  view.setUint32(64, loader === '' ? 1 : 3, isLittleEndian);
  wide(bits === 64 ? 72 : 68, 128);
  wide(bits === 64 ? 96 : 80, loader.length);
  bytes.set(new TextEncoder().encode(loader), 128);
  return bytes;
}

function pe(machine: number): Uint8Array {
  const bytes = new Uint8Array(256);
  bytes.set([0x4d, 0x5a]);
  bytes[60] = 128;
  bytes.set([0x50, 0x45, 0, 0, machine & 0xff, machine >> 8], 128);
  return bytes;
}

const macho = (cpu: number): Uint8Array => new Uint8Array([0xcf, 0xfa, 0xed, 0xfe, cpu, 0, 0, 1]);

function header(bytes: Uint8Array): ProgramHeader {
  const read = readProgramHeader(bytes);
  if ('need' in read) throw new Error(`needs ${read.need} bytes`);
  return read;
}

const machines: [name: string, file: Uint8Array, machine: Machine, misfit: RegExp | undefined][] = [
  ['x64', elf(), linux('x64'), undefined],
  ['arm64', elf({ machine: 183 }), linux('arm64'), undefined],
  ['32-bit arm', elf({ bits: 32, machine: 40 }), linux('arm'), undefined],
  ['ia32', elf({ bits: 32, machine: 3 }), linux('ia32'), undefined],
  ['riscv64', elf({ machine: 243 }), linux('riscv64'), undefined],
  ['big-endian s390x', elf({ machine: 22, isLittleEndian: false }), linux('s390x', false), undefined],
  ['ppc64', elf({ machine: 21 }), linux('ppc64'), undefined],
  ['a machine without a name here', elf({ machine: 62 }), linux('vax'), undefined],
  ['a script', new TextEncoder().encode('#!/bin/sh\necho'), linux('x64'), undefined],
  ['arm64 on x64', elf({ machine: 183 }), linux('x64'), /it is elf-arm64, and this machine runs elf-x64/],
  ['x64 on s390x', elf(), linux('s390x', false), /it is elf-x64, and this machine runs elf-22/],
  ['x64 with pointers of 32 bits', elf({ bits: 32, machine: 62 }), linux('x64'), /it is of 32 bits/],
  ['the other byte order', elf({ machine: 21, isLittleEndian: false }), linux('ppc64'), /other byte order/],
  ['text', new TextEncoder().encode('hello, this is no program'), linux('x64'), /no executable of a known format/],
  ['a program for Windows', pe(0x8664), linux('x64'), /it is pe-x64/],
  ['Windows', pe(0x8664), { platform: 'win32', arch: 'x64', isLittleEndian: true }, undefined],
  ['Windows on ARM', pe(0xaa64), { platform: 'win32', arch: 'x64', isLittleEndian: true }, /it is pe-arm64/],
  ['macOS', macho(0x0c), { platform: 'darwin', arch: 'arm64', isLittleEndian: true }, undefined],
  ['macOS x64', macho(0x07), { platform: 'darwin', arch: 'arm64', isLittleEndian: true }, /it is macho-x64/],
  ['Linux on macOS', elf(), { platform: 'darwin', arch: 'x64', isLittleEndian: true }, /it is elf-x64/],
];

const targets: [target: string, machine: Machine, fits: boolean][] = [
  ['linux-x64', linux('x64'), true],
  ['linux-x64-musl', linux('x64'), true],
  ['linux-arm64', linux('x64'), false],
  ['darwin-x64', linux('x64'), false],
  ['linux-x64', { platform: 'freebsd', arch: 'x64', isLittleEndian: true }, true],
  ['linux-arm64', { platform: 'android', arch: 'arm64', isLittleEndian: true }, true],
  ['win32-x64', { platform: 'win32', arch: 'x64', isLittleEndian: true }, true],
  ['win32-arm64', { platform: 'win32', arch: 'x64', isLittleEndian: true }, false],
  ['win32-x64', { platform: 'darwin', arch: 'x64', isLittleEndian: true }, false],
  // Words of the owner's own.
  ['rhel8', linux('x64'), true],
  ['linux-generic', linux('x64'), true],
  ['linux', linux('x64'), true],
  ['kiosk-arm64', linux('x64'), true],
];

describe('whether a program is one for this machine', () => {
  it.each(machines)('by its header: %s', (_name, file, machine, misfit) => {
    const found = headerMisfit(header(file), machine);
    if (misfit === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(misfit);
  });

  it.each(targets)('by the target %s', (target, machine, fits) => {
    expect(targetMisfit(target, machine) === undefined).toBe(fits);
  });

  it.each([
    ['linux-x64', 'elf-x64', false],
    ['linux-x64-musl', 'elf-x64', false],
    ['linux-x64', 'elf-arm64', true],
    ['darwin-x64', 'elf-x64', true],
    ['win32-arm64', 'pe-arm64', false],
    ['linux-riscv64', 'elf-243', false],
    ['our-board', 'elf-arm64', false],
    ['linux-x64', undefined, false],
  ] as const)('the target %s contradicts the header %s: %s', (target, format, isSo) => {
    expect(contradicts(target, format)).toBe(isSo);
  });

  it('holds for the program that runs this test', () => {
    const head = readFileSync(process.execPath).subarray(0, MAX_PROGRAM_HEAD_BYTES);
    const { platform, arch } = process;
    expect(headerMisfit(header(head), { platform, arch, isLittleEndian: endianness() === 'LE' })).toBeUndefined();
  });
});

describe('the header of an ELF program', () => {
  it.each([
    ['64 bit', elf()],
    ['32 bit', elf({ bits: 32 })],
    ['big-endian', elf({ isLittleEndian: false })],
    ['32 bit, big-endian', elf({ bits: 32, isLittleEndian: false })],
  ])('names where the path of its loader stands: %s', (_name, file) => {
    expect(header(file).elf?.loader).toEqual({ offset: 128, sizeBytes: LOADER.length });
  });

  it('names none when it needs none', () => {
    expect(header(elf({ loader: '' })).elf?.loader).toBeUndefined();
  });

  it('names none where the headers are beyond what any program has', () => {
    for (const change of [
      (view: DataView) => {
        view.setUint16(56, 257, true); // more headers than any program has
      },
      (view: DataView) => {
        view.setUint16(54, 8, true); // shorter than a header
      },
      (view: DataView) => {
        view.setBigUint64(32, 2n ** 63n, true); // far behind the head
      },
      (view: DataView) => {
        view.setBigUint64(96, 5000n, true); // a path that is too long
      },
    ]) {
      const file = elf();
      change(new DataView(file.buffer));
      expect(header(file).elf).toMatchObject({ is64Bit: true, loader: undefined });
    }
  });

  it('asks for as much of the head as it needs, and never for more than the limit', () => {
    const file = elf();
    expect(readProgramHeader(file.subarray(0, 30))).toEqual({ need: 64 });
    expect(readProgramHeader(file.subarray(0, 70))).toEqual({ need: 120 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (tail, isElf) => {
        const bytes = isElf ? new Uint8Array([...elf().subarray(0, 7), ...tail]) : tail;
        const read = readProgramHeader(bytes);
        if ('need' in read) {
          expect(read.need).toBeGreaterThan(bytes.length);
          expect(read.need).toBeLessThanOrEqual(MAX_PROGRAM_HEAD_BYTES);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
