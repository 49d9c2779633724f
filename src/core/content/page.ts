/**
 * One page of a manifest. Spec: docs/spec/12-content.md.
 *
 * offset  size  field
 *      0     1  level   0: entries are chunks; 1 to 4: entries are pages of the level below
 *      1     e  entries, 1 to 256 of them; none only in the page of empty content
 *
 * level 0, 36 bytes an entry        levels 1 to 4, 40 bytes an entry
 *      0     4  length  u32 LE           0     8  covered bytes  u64 LE
 *      4    32  hash    of the chunk     8    32  hash           of the page
 *
 * Knows one page alone: whether pages fit together is the reader's to say.
 *
 * @module
 */
import { u64le } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';
import { MAX_CHUNK_BYTES, MAX_PAGE_ENTRIES, MAX_PAGE_LEVEL, MAX_PROGRAM_BYTES } from '../base/limits.ts';

const HASH_BYTES = 32;
/** A page ends no earlier, so that a level has at most a sixteenth of the entries of the one below. */
export const MIN_PAGE_ENTRIES = 16;
/** Of 256: how many values of a hash's first byte end a page. One page has about 64 + 16 entries. */
const ENDING_VALUES = 4;

export interface PageEntry {
  /** Bytes of the content that lie under it: at level 0 the length of the chunk. */
  readonly coveredBytes: number;
  /** 32 bytes. */
  readonly hash: Uint8Array;
}

export interface Page {
  readonly level: number;
  readonly entries: readonly PageEntry[];
}

/** Whether a page ends with this entry, its `count`-th: decided by content, so that a change leaves other pages alone. */
export function endsPage(count: number, hash: Uint8Array): boolean {
  return count >= MAX_PAGE_ENTRIES || (count >= MIN_PAGE_ENTRIES && (hash[0] ?? 0) < ENDING_VALUES);
}

export function encodePage({ level, entries }: Page): Uint8Array {
  const lengthBytes = lengthSize(level);
  const bytes = new Uint8Array(1 + entries.length * (lengthBytes + HASH_BYTES));
  bytes[0] = level;
  let at = 1;
  for (const { coveredBytes, hash } of entries) {
    bytes.set(u64le(coveredBytes).subarray(0, lengthBytes), at);
    bytes.set(hash, at + lengthBytes);
    at += lengthBytes + HASH_BYTES;
  }
  return bytes;
}

/** The hashes are copies. @throws PeerpatchError CONTENT_MALFORMED */
export function decodePage(bytes: Uint8Array): Page {
  const [level] = bytes;
  if (level === undefined || level > MAX_PAGE_LEVEL) throw malformed(`no page has level ${String(level)}`);
  const lengthBytes = lengthSize(level);
  const entryBytes = lengthBytes + HASH_BYTES;
  const count = (bytes.length - 1) / entryBytes;
  if (!Number.isInteger(count)) throw malformed(`${bytes.length} bytes are no whole number of entries`);
  if (count > MAX_PAGE_ENTRIES) throw malformed(`${count} entries are more than ${MAX_PAGE_ENTRIES}`);
  if (count === 0 && level > 0) throw malformed(`a page of level ${level} lists nothing`);
  const maxBytes = level === 0 ? MAX_CHUNK_BYTES : MAX_PROGRAM_BYTES;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = Array.from({ length: count }, (_, index) => {
    const at = 1 + index * entryBytes;
    const coveredBytes = level === 0 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
    if (coveredBytes < 1 || coveredBytes > maxBytes) throw malformed(`an entry covers ${coveredBytes} bytes`);
    return { coveredBytes, hash: bytes.slice(at + lengthBytes, at + entryBytes) };
  });
  return { level, entries };
}

function lengthSize(level: number): number {
  return level === 0 ? 4 : 8;
}

function malformed(reason: string): PeerpatchError {
  return new PeerpatchError('CONTENT_MALFORMED', `not a page of a manifest: ${reason}`);
}
