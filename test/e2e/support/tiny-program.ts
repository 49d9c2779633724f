/**
 * The smallest program that Linux on x64 runs: writes one line and waits to be ended. ELF, some hundred bytes.
 *
 * offset  size  field
 *      0    64  ELF header: 64 bit, little-endian, x64, entry behind both headers, no sections
 *     64    56  one program header: the whole file, readable and executable
 *    120    33  code: write(1, line, length); then pause() for ever
 *    153        the line
 *
 * @module
 */
import { asciiBytes, concatBytes } from '../../../src/core/base/bytes.ts';

/** Whether this system runs it: where not, nothing can become it, and no copy is offered it. */
export const RUNS_TINY: boolean = process.platform === 'linux' && process.arch === 'x64';

const BASE = 0x400000;
const CODE_OFFSET = 120;

/** The program, which may be followed by any bytes. @param line ASCII, its newline included */
export function tinyProgram(line: string): Uint8Array {
  const text = asciiBytes(line);
  const code = concatBytes(
    Uint8Array.of(0xb8, 1, 0, 0, 0), //       mov eax, 1      write
    Uint8Array.of(0xbf, 1, 0, 0, 0), //       mov edi, 1      stdout
    Uint8Array.of(0x48, 0x8d, 0x35, 0x10, 0, 0, 0), // lea rsi, [rip + 16]   the line
    Uint8Array.of(0xba, ...u32(text.length)), // mov edx, length
    Uint8Array.of(0x0f, 0x05), //             syscall
    Uint8Array.of(0xb8, 34, 0, 0, 0), //      mov eax, 34     pause
    Uint8Array.of(0x0f, 0x05), //             syscall
    Uint8Array.of(0xeb, 0xf7), //             jmp to the last mov
  );
  const header = new Uint8Array(CODE_OFFSET);
  const view = new DataView(header.buffer);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  const u16 = (offset: number, value: number): void => {
    view.setUint16(offset, value, true);
  };
  const u64 = (offset: number, value: number): void => {
    view.setBigUint64(offset, BigInt(value), true);
  };
  u16(16, 2); // ET_EXEC
  u16(18, 62); // x64
  view.setUint32(20, 1, true);
  u64(24, BASE + CODE_OFFSET); // entry
  u64(32, 64); // program headers
  u16(52, 64);
  u16(54, 56);
  u16(56, 1);
  view.setUint32(64, 1, true); // PT_LOAD
  view.setUint32(68, 5, true); // readable, executable
  u64(80, BASE);
  u64(88, BASE);
  u64(96, CODE_OFFSET + code.length + text.length);
  u64(104, CODE_OFFSET + code.length + text.length);
  u64(112, 0x1000);
  return concatBytes(header, code, text);
}

function u32(value: number): number[] {
  return [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24];
}
