/**
 * Which kind of program a file is: its executable format and processor, from its first bytes. Spec: docs/spec/06-accept.md.
 *
 * format   magic                            where the processor stands
 * ELF      7f 45 4c 46 at 0                 u16 at 18, byte order by the byte at 5 (1 little, 2 big)
 * Mach-O   feedface / feedfacf at 0         u32 at 4, byte order by the magic
 * PE       "MZ" at 0, "PE\0\0" at P         u16 LE at P+4; P: u32 LE at 60
 *
 * A guard against mistakes, not against attackers: the bytes are signed. It does not tell systems apart that share a
 * format (Linux and FreeBSD), nor C libraries.
 *
 * @module
 */
import type { NeedBytes } from './head.ts';

/** `elf-x64`, `macho-arm64`, `pe-x64`; `elf-243` for a processor without a name here; undefined for other files. */
export type ProgramFormat = string | undefined;

const ELF_MACHINES: Readonly<Record<number, string>> = { 3: 'ia32', 40: 'arm', 62: 'x64', 183: 'arm64' };
const MACHO_MACHINES: Readonly<Record<number, string>> = { 0x01000007: 'x64', 0x0100000c: 'arm64' };
const PE_MACHINES: Readonly<Record<number, string>> = { 0x14c: 'ia32', 0x8664: 'x64', 0xaa64: 'arm64' };
/** Real programs have "PE" within the first kilobyte; a larger offset is not followed. */
const MAX_PE_OFFSET = 4096;

/** Answers as soon as `head` is long enough; a file that ends before that is of no format. */
export function readFormat(head: Uint8Array): { readonly format: ProgramFormat } | NeedBytes {
  if (head.length < 4) return { need: 4 };
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const magic = view.getUint32(0);
  if (magic === 0x7f454c46) {
    if (head.length < 20) return { need: 20 };
    return named('elf', ELF_MACHINES, view.getUint16(18, view.getUint8(5) === 1));
  }
  const little = view.getUint32(0, true);
  for (const [found, isLittle] of [[magic, false] as const, [little, true] as const]) {
    if (found !== 0xfeedface && found !== 0xfeedfacf) continue;
    return head.length < 8 ? { need: 8 } : named('macho', MACHO_MACHINES, view.getUint32(4, isLittle));
  }
  if (magic >>> 16 !== 0x4d5a) return { format: undefined };
  if (head.length < 64) return { need: 64 };
  const start = view.getUint32(60, true);
  if (start > MAX_PE_OFFSET) return { format: undefined };
  if (head.length < start + 6) return { need: start + 6 };
  if (view.getUint32(start) !== 0x50450000) return { format: undefined };
  return named('pe', PE_MACHINES, view.getUint16(start + 4, true));
}

function named(container: string, machines: Readonly<Record<number, string>>, machine: number): { format: string } {
  return { format: `${container}-${machines[machine] ?? String(machine)}` };
}
