/**
 * Where an ELF file's own section headers say that the section of the region is. Spec: docs/spec/02-stamp.md.
 *
 * offset (32/64 bit)  size  field
 *      0               4    0x7f "ELF"
 *      4               1    1: 32 bit, 2: 64 bit
 *      5               1    1: little-endian, 2: big-endian
 *  32/40             4/8    offset of the section headers
 *  46/58               2    length of one: 40 / 64
 *  48/60               2    how many
 *  50/62               2    which one is the table of names
 * a section header:
 *      0               4    where its name begins in the table of names
 *  16/24             4/8    offset in the file
 *  20/32             4/8    length
 *
 * The headers stand near the end of the file, and the names somewhere before or behind them; so this reads the bytes as they
 * stream by: it notes where a name occurs and keeps the headers. The bytes are those of the program *without* its region,
 * which nobody can change; offsets in them are those of the complete file. A file that cannot be read states nothing.
 *
 * @module
 */
import { asciiBytes } from '../base/bytes.ts';
import { MAX_ELF_SECTIONS, MAX_PROGRAM_BYTES } from '../base/limits.ts';
import { createFinder } from './finder.ts';
import type { NeedBytes } from './head.ts';
import { REGION_BYTES } from './region.ts';
import type { SectionPlace } from './section.ts';

/** What the first bytes say about the section headers. Offsets are those of the complete file. */
export interface ElfHead {
  readonly wide: boolean;
  readonly little: boolean;
  readonly headersAt: number;
  readonly headerCount: number;
  readonly namesIndex: number;
}

/** Watches the bytes of the program without its region, from the first on. */
export interface ElfWatch {
  update(bytes: Uint8Array): void;
  /** The section named for the region, when all bytes have been seen. */
  finish(): SectionPlace | undefined;
}

const NAMES = ['.embsig\0', '.embedded_signature\0'];

/** @returns undefined when the bytes are not the head of an ELF file with section headers */
export function readElfHead(head: Uint8Array): ElfHead | NeedBytes | undefined {
  if (head.length < 64) return { need: 64 };
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const [width, order] = [view.getUint8(4), view.getUint8(5)];
  if (view.getUint32(0) !== 0x7f454c46 || width < 1 || width > 2 || order < 1 || order > 2) return undefined;
  const [wide, little] = [width === 2, order === 1];
  const headersAt = wide ? Number(view.getBigUint64(40, little)) : view.getUint32(32, little);
  const [sizeAt, headerBytes] = wide ? [58, 64] : [46, 40];
  const headerCount = view.getUint16(sizeAt + 2, little);
  const namesIndex = view.getUint16(sizeAt + 4, little);
  if (headersAt < 64 || headersAt > MAX_PROGRAM_BYTES || view.getUint16(sizeAt, little) !== headerBytes)
    return undefined;
  if (headerCount > MAX_ELF_SECTIONS || namesIndex >= headerCount) return undefined;
  return { wide, little, headersAt, headerCount, namesIndex };
}

export function createElfWatch(head: ElfHead): ElfWatch {
  const headerBytes = head.wide ? 64 : 40;
  // Behind the region everything stands 176 bytes further back than here: keep both places the headers can be at.
  const windowStart = Math.max(head.headersAt - REGION_BYTES, 0);
  const window = new Uint8Array(head.headersAt + head.headerCount * headerBytes - windowStart);
  const finder = createFinder(...NAMES.map(asciiBytes));
  const namesAt = new Set<number>();
  let position = 0;

  /** The headers, if they stand so many bytes in front of where the complete file has them. */
  const headersShiftedBy = (shift: number): DataView =>
    new DataView(window.buffer, head.headersAt - shift - windowStart);

  return {
    update(bytes) {
      finder.update(bytes, (offset) => {
        if (namesAt.size < MAX_ELF_SECTIONS) namesAt.add(offset);
      });
      const from = Math.max(windowStart - position, 0);
      const to = Math.min(windowStart + window.length - position, bytes.length);
      if (from < to) window.set(bytes.subarray(from, to), position + from - windowStart);
      position += bytes.length;
    },
    finish() {
      for (const shift of [0, REGION_BYTES]) {
        if (head.headersAt - shift < windowStart) continue;
        const table = headersShiftedBy(shift);
        const field = (index: number, at32: number, at64: number): number => {
          const at = index * headerBytes + (head.wide ? at64 : at32);
          return head.wide ? Number(table.getBigUint64(at, head.little)) : table.getUint32(at, head.little);
        };
        const names = field(head.namesIndex, 16, 24);
        for (let index = 0; index < head.headerCount; index++) {
          const offset = field(index, 16, 24);
          // Headers read from the wrong one of the two places contradict themselves here.
          if ((head.headersAt < offset ? 0 : REGION_BYTES) !== shift) continue;
          const name = names + table.getUint32(index * headerBytes, head.little);
          if (!namesAt.has(name < offset ? name : name - REGION_BYTES)) continue;
          return { offset, sizeBytes: field(index, 20, 32) };
        }
      }
      return undefined;
    },
  };
}
