/**
 * The head of a Windows program (PE): where its section `.embsig` is. Spec: docs/spec/02-stamp.md.
 *
 * offset  size  field
 *      0     2  "MZ"
 *     60     4  u32 LE, offset P of "PE\0\0"
 *    P+6     2  u16 LE, number of sections
 *   P+20     2  u16 LE, length L of the optional header
 * P+24+L        section table, 40 bytes each: name (8), virtual size (u32 LE), ..., at 20 offset in the file (u32 LE)
 *
 * A head that cannot be read states nothing: it is signed as it is, so nobody but the owner can have made it unreadable.
 *
 * @module
 */
import { MAX_PROGRAM_HEAD_BYTES } from '../base/limits.ts';
import type { NeedBytes } from './head.ts';
import { sectionName, type SectionPlace } from './section.ts';

const DOS_HEADER_BYTES = 64;
const SECTION_BYTES = 40;

/** @returns undefined when the bytes are not the head of a PE file or name no such section */
export function readPeSection(head: Uint8Array): SectionPlace | NeedBytes | undefined {
  if (head.length < DOS_HEADER_BYTES) return { need: DOS_HEADER_BYTES };
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (view.getUint16(0) !== 0x4d5a) return undefined;
  const start = view.getUint32(60, true);
  const fixedEnd = start + 24;
  if (fixedEnd > MAX_PROGRAM_HEAD_BYTES) return undefined;
  if (head.length < fixedEnd) return { need: fixedEnd };
  if (view.getUint32(start) !== 0x50450000) return undefined;
  const table = fixedEnd + view.getUint16(start + 20, true);
  const end = table + view.getUint16(start + 6, true) * SECTION_BYTES;
  if (end > MAX_PROGRAM_HEAD_BYTES) return undefined;
  if (head.length < end) return { need: end };
  for (let at = table; at < end; at += SECTION_BYTES) {
    if (sectionName(view, at, 8) !== '.embsig') continue;
    return { offset: view.getUint32(at + 20, true), sizeBytes: view.getUint32(at + 8, true) };
  }
  return undefined;
}
