/**
 * A code signature: the table of its parts, its code directory, and what the other parts must hash to. Spec:
 * docs/spec/18-code-signature.md.
 *
 * offset  size  field, all big-endian
 *      0     4  magic     fade0cc0
 *      4     4  length    of all parts; what follows up to `datasize` is padding
 *      8     4  count     1 to 16
 *     12    8c  index     of each part: slot, offset from the signature's start; offsets grow
 *
 * slot     part
 *       0  code directory
 *  1 - 11  requirements (2), entitlements (5, 7), others: hashed in the special slot of this number
 *  0x1000  to 0x1004: the same pages hashed in another way
 * 0x10000  signature of the directory by a certificate (CMS); empty or missing where it is ad hoc
 *
 * The head ends where the hashes begin, so it can be read while a file streams by. Says nothing about who signed.
 *
 * @module
 */
import { concatBytes, equalBytes } from '../base/bytes.ts';
import { MAX_SIGNATURE_PARTS } from '../base/limits.ts';
import { sha256 } from '../crypto/hash.ts';
import type { NeedBytes } from '../stamp/head.ts';
import {
  AD_HOC,
  encodeCodeDirectory,
  invalidSignature,
  PAGE_HASH_BYTES,
  readCodeDirectory,
  type CodeDirectory,
  type NewDirectory,
} from './directory.ts';

const SIGNATURE_MAGIC = 0xfade0cc0;
const CERTIFICATE_SLOT = 0x10000;
const LAST_SPECIAL_SLOT = 11;
/** Magic and length: a part with nothing in it. */
const EMPTY_PART_BYTES = 8;
/** Some linkers align the code directory. */
const MAX_GAP_BYTES = 16;

interface Part {
  readonly slot: number;
  /** From the signature's start. */
  readonly offset: number;
}

/** What stands in front of the hashes. */
export interface SignatureHead extends CodeDirectory {
  /** Where the hash of page 0 stands, from the signature's start. */
  readonly hashesAt: number;
  /** Nobody signed it: whoever has the program can make its hashes anew. */
  readonly isAdHoc: boolean;
  /** In the order of the index. */
  readonly slots: readonly number[];
}

/**
 * @param bytes from the signature's first byte on
 * @param codeBytes where it begins in the file
 * @throws PeerpatchError CODE_SIGNATURE_INVALID
 */
export function readSignatureHead(bytes: Uint8Array, codeBytes: number): SignatureHead | NeedBytes {
  const parts = readIndex(bytes);
  if ('need' in parts) return parts;
  const at = directoryPart(parts).offset;
  const directory = readCodeDirectory(bytes.subarray(at), codeBytes);
  if ('need' in directory) return { need: at + directory.need };
  return headOf(parts, directory);
}

/**
 * Reads a whole signature and compares its parts with the special slots. The pages are compared in watch.ts.
 *
 * @param bytes with its padding
 * @throws PeerpatchError CODE_SIGNATURE_INVALID
 */
export function decodeCodeSignature(bytes: Uint8Array, codeBytes: number): SignatureHead {
  const parts = readIndex(bytes);
  if ('need' in parts) throw invalidSignature('it is cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = view.getUint32(4);
  if (end > bytes.length) throw invalidSignature('it is longer than its place');
  const contents = parts.map(({ slot, offset }, index) => {
    const next = parts[index + 1]?.offset ?? end;
    if (offset + EMPTY_PART_BYTES > next) throw invalidSignature('its parts overlap');
    const length = view.getUint32(offset + 4);
    if (length < EMPTY_PART_BYTES || offset + length > next) throw invalidSignature('its parts overlap');
    return { slot, content: bytes.subarray(offset, offset + length) };
  });
  const part = directoryPart(parts);
  const directoryBytes = contents.find(({ slot }) => slot === part.slot)?.content ?? new Uint8Array();
  const directory = readCodeDirectory(directoryBytes, codeBytes);
  if ('need' in directory || directory.lengthBytes !== directoryBytes.length)
    throw invalidSignature('its code directory is cut off');
  for (const { slot, content } of contents) {
    if (slot < 1 || slot > LAST_SPECIAL_SLOT) continue;
    const from = directory.hashesAt - slot * PAGE_HASH_BYTES;
    const isThere = slot <= directory.specialSlots;
    if (!isThere || !equalBytes(sha256(content), directoryBytes.subarray(from, from + PAGE_HASH_BYTES)))
      throw invalidSignature(`its part ${slot} is not the one its code directory names`);
  }
  const head = headOf(parts, directory);
  const certificate = contents.find(({ slot }) => slot === CERTIFICATE_SLOT)?.content.length ?? EMPTY_PART_BYTES;
  if (head.isAdHoc && certificate > EMPTY_PART_BYTES) throw invalidSignature('it is ad hoc, with a certificate');
  return head;
}

/** A new ad hoc signature whose page hashes are still zero: the code directory alone, as linkers write it. */
export function encodeCodeSignature(directory: NewDirectory): Uint8Array {
  const bytes = encodeCodeDirectory(directory);
  const start = 20;
  const head = new Uint8Array(start);
  const view = new DataView(head.buffer);
  const padding = new Uint8Array(-(start + bytes.length) & 15);
  for (const [index, value] of [SIGNATURE_MAGIC, start + bytes.length, 1, 0, start].entries())
    view.setUint32(index * 4, value);
  return concatBytes(head, bytes, padding);
}

/** In one form only: the first part behind the index, each behind the one before. */
function readIndex(bytes: Uint8Array): readonly Part[] | NeedBytes {
  if (bytes.length < 12) return { need: 12 };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [magic, length, count] = [view.getUint32(0), view.getUint32(4), view.getUint32(8)];
  if (magic !== SIGNATURE_MAGIC) throw invalidSignature('it does not begin like one');
  if (count < 1 || count > MAX_SIGNATURE_PARTS) throw invalidSignature(`it has ${count} parts`);
  let end = 12 + 8 * count;
  if (bytes.length < end) return { need: end };
  const parts: Part[] = [];
  for (let at = 12; parts.length < count; at += 8) {
    const [slot, offset] = [view.getUint32(at), view.getUint32(at + 4)];
    if (offset < end || offset + EMPTY_PART_BYTES > length) throw invalidSignature('its parts overlap');
    if (parts.some((part) => part.slot === slot)) throw invalidSignature(`it has two parts ${slot}`);
    parts.push({ slot, offset });
    end = offset + EMPTY_PART_BYTES;
  }
  return parts;
}

function directoryPart(parts: readonly Part[]): Part {
  const [first] = parts;
  // In front of all that is long, so that the head stays short.
  const latest = 12 + 8 * parts.length + MAX_GAP_BYTES;
  if (first?.slot !== 0 || first.offset > latest) throw invalidSignature('its first part is not a code directory');
  return first;
}

function headOf(parts: readonly Part[], directory: CodeDirectory): SignatureHead {
  const { offset } = directoryPart(parts);
  const isAdHoc = (directory.flags & AD_HOC) !== 0;
  return { ...directory, hashesAt: offset + directory.hashesAt, isAdHoc, slots: parts.map(({ slot }) => slot) };
}

/** Whether the hashes of its pages can be made anew: ad hoc, and hashed in one way only. */
export function isRenewable({ isAdHoc, slots }: SignatureHead): boolean {
  return isAdHoc && !slots.some((slot) => slot >= 0x1000 && slot < CERTIFICATE_SLOT);
}
