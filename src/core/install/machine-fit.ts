/**
 * Whether a program is one for this machine: by its header, and by the target that its statement is signed for. Spec:
 * docs/spec/07-install.md.
 *
 * ELF header, 32 / 64 bit       program header, 32 / 64 bit
 *     4      1  1: 32, 2: 64        0      4  type; 3: PT_INTERP, the loader that starts the program
 *     5      1  1: little-endian    4/8  4/8  its offset in the file
 *    18      2  processor         16/32  4/8  its length, with a zero at the end
 * 28/32    4/8  program headers
 * 42/54      2  length of one
 * 44/56      2  how many
 *
 * Says nothing about libraries that are missing, and tells Linux not from other systems with ELF programs.
 *
 * @module
 */
import { MAX_PROGRAM_HEAD_BYTES } from '../base/limits.ts';
import { readFormat, type ProgramFormat } from '../stamp/format.ts';
import type { NeedBytes } from '../stamp/head.ts';

/** As `process.platform` and `process.arch` name it: of the process, which may run under an emulator. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  readonly isLittleEndian: boolean;
}

export interface ProgramHeader {
  readonly format: ProgramFormat;
  /** Of ELF programs. */
  readonly elf?: ElfKind;
  /** `#!`: another program runs it. */
  readonly isScript: boolean;
}

export interface ElfKind {
  readonly is64Bit: boolean;
  readonly isLittleEndian: boolean;
  /** Where the path of its loader stands; undefined for programs that need none. */
  readonly loader: { readonly offset: number; readonly sizeBytes: number } | undefined;
}

const SYSTEM_CONTAINERS: Readonly<Record<string, string>> = { darwin: 'macho', win32: 'pe' };
/** Numbers of processors that core/stamp/format.ts has no name for. */
const ELF_NUMBERS: Readonly<Record<string, string>> = {
  loong64: '258',
  mips: '8',
  mipsel: '8',
  ppc64: '21',
  riscv64: '243',
  s390x: '22',
};
const NAMED = ['arm', 'arm64', 'ia32', 'x64'];
const WIDE = ['arm64', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64'];
const SYSTEMS = ['linux', 'darwin', 'win32', 'android', 'freebsd', 'openbsd', 'netbsd', 'sunos'];
const MAX_PROGRAM_HEADERS = 256;
const MAX_LOADER_BYTES = 4096;

/** Answers as soon as `head` is long enough. */
export function readProgramHeader(head: Uint8Array): ProgramHeader | NeedBytes {
  const read = readFormat(head);
  if ('need' in read) return read;
  const isScript = head[0] === 0x23 && head[1] === 0x21;
  if (read.format?.startsWith('elf-') !== true) return { format: read.format, isScript };
  const elf = readElf(head);
  return 'need' in elf ? elf : { format: read.format, elf, isScript };
}

/** Why this machine cannot run a program with that header; undefined when nothing speaks against it. */
export function headerMisfit({ format, elf, isScript }: ProgramHeader, machine: Machine): string | undefined {
  const container = containerOf(machine.platform);
  const name = NAMED.includes(machine.arch) ? machine.arch : ELF_NUMBERS[machine.arch];
  if (isScript) return undefined;
  if (format === undefined) return 'it is no executable of a known format';
  if (name === undefined) return undefined;
  if (format !== `${container}-${name}`) return `it is ${format}, and this machine runs ${container}-${name}`;
  if (elf === undefined) return undefined;
  if (elf.is64Bit !== WIDE.includes(machine.arch)) return `it is of ${elf.is64Bit ? 64 : 32} bits`;
  if (elf.isLittleEndian !== machine.isLittleEndian) return 'it is of the other byte order';
  return undefined;
}

/** Why a release for that target is none for this machine; undefined when it is, or when its owner has words of its own. */
export function targetMisfit(target: string, { platform, arch }: Machine): string | undefined {
  const [system = '', processor = ''] = target.split('-');
  if (!SYSTEMS.includes(system) || !(NAMED.includes(processor) || processor in ELF_NUMBERS)) return undefined;
  // Tools call every ELF program one for Linux: the header tells no more.
  if (containerOf(system) === containerOf(platform) && processor === arch) return undefined;
  return `it is for ${target}, and this program runs on ${platform}-${arch}`;
}

/** Whether a program of that format is certainly none for the target; false when its owner has words of its own. */
export function contradicts(target: string, format: ProgramFormat): boolean {
  const [system = '', processor = ''] = target.split('-');
  if (format === undefined || !SYSTEMS.includes(system) || !NAMED.includes(processor)) return false;
  return format !== `${containerOf(system)}-${processor}`;
}

function containerOf(system: string): string {
  return SYSTEM_CONTAINERS[system] ?? 'elf';
}

function readElf(head: Uint8Array): ElfKind | NeedBytes {
  if (head.length < 64) return { need: 64 };
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const [is64Bit, isLittleEndian] = [view.getUint8(4) === 2, view.getUint8(5) === 1];
  const wide = (at: number): number =>
    is64Bit ? Number(view.getBigUint64(at, isLittleEndian)) : view.getUint32(at, isLittleEndian);
  const short = (at: number): number => view.getUint16(at, isLittleEndian);
  const [start, length, count] = [wide(is64Bit ? 32 : 28), short(is64Bit ? 54 : 42), short(is64Bit ? 56 : 44)];
  const end = start + length * count;
  const plain = { is64Bit, isLittleEndian, loader: undefined };
  if (length < (is64Bit ? 56 : 32) || count > MAX_PROGRAM_HEADERS || end > MAX_PROGRAM_HEAD_BYTES) return plain;
  if (head.length < end) return { need: end };
  for (let at = start; at < end; at += length) {
    if (view.getUint32(at, isLittleEndian) !== 3) continue;
    const [offset, sizeBytes] = [wide(at + (is64Bit ? 8 : 4)), wide(at + (is64Bit ? 32 : 16))];
    return { ...plain, loader: sizeBytes > MAX_LOADER_BYTES ? undefined : { offset, sizeBytes } };
  }
  return plain;
}
