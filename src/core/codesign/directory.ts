/**
 * The code directory: the part of a code signature that holds the hashes of a program's pages. Spec:
 * docs/spec/18-code-signature.md.
 *
 * offset  size  field, all big-endian
 *      0     4  magic           fade0c02
 *      4     4  length          of the whole directory
 *      8     4  version         0x20001 to 0x2ffff; says how long the fixed part is
 *     12     4  flags           0x2: ad hoc, nobody signed it; 0x20000: made by a linker; 0x10000: hardened runtime
 *     16     4  hashOffset      from the directory's start to the hash of page 0; special slots stand in front of it
 *     20     4  identOffset     to the identifier, which ends with a zero
 *     24     4  nSpecialSlots   hashes of other parts of the signature, slot 1 last
 *     28     4  nCodeSlots      number of pages
 *     32     4  codeLimit       bytes that the pages cover: up to the code signature
 *     36     1  hashSize        32
 *     37     1  hashType        2: SHA-256
 *     38     1  platform
 *     39     1  pageSize        12 or 14: 4 or 16 KiB
 *     40     4  spare           0
 *     44     4  scatterOffset   0                                                   from version 0x20100 on
 *     48     4  teamOffset      0: no team                                          0x20200
 *     52     4  spare           0                                                   0x20300
 *     56     8  codeLimit64     0
 *     64     8  execSegBase     where the segment __TEXT begins in the file         0x20400
 *     72     8  execSegLimit    its length in the file
 *     80     8  execSegFlags    1: a main program
 *     88     4  runtime         version of the hardened runtime                     0x20500
 *     92     4  preEncrypt      0
 *     96    12  linkage                                                             0x20600
 *
 * Does not hash anything: see pages.ts.
 *
 * @module
 */
import { asciiBytes } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';
import { MAX_SIGNATURE_NAME_BYTES, MAX_SIGNATURE_SPECIAL_SLOTS } from '../base/limits.ts';
import type { NeedBytes } from '../stamp/head.ts';

export const DIRECTORY_MAGIC = 0xfade0c02;
export const PAGE_HASH_BYTES = 32;
export const AD_HOC = 0x2;
const LINKER_SIGNED = 0x20000;

/** What a code directory says. Offsets are counted from its first byte. */
export interface CodeDirectory {
  readonly lengthBytes: number;
  readonly flags: number;
  /** Where the program calls itself by name: printable ASCII. */
  readonly identifier: string;
  readonly pageBytes: number;
  readonly pageCount: number;
  /** Where the hash of page 0 stands. */
  readonly hashesAt: number;
  /** Of special slot 1 they stand 32 bytes in front of `hashesAt`, of slot 2 64, and so on. */
  readonly specialSlots: number;
}

/** The version that adds a field, and the length of the fixed part with it. */
const FIXED_PARTS: readonly (readonly [version: number, bytes: number])[] = [
  [0x20600, 108],
  [0x20500, 96],
  [0x20400, 88],
  [0x20300, 64],
  [0x20200, 52],
  [0x20100, 48],
  [0x20001, 44],
];

/**
 * Reads a directory up to its hashes, which may still be missing.
 *
 * @param bytes from its first byte on
 * @param codeBytes where the signature begins in the file
 * @throws PeerpatchError CODE_SIGNATURE_INVALID, also for other hashes than SHA-256
 */
export function readCodeDirectory(bytes: Uint8Array, codeBytes: number): CodeDirectory | NeedBytes {
  if (bytes.length < 44) return { need: 44 };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const field = (at: number): number => view.getUint32(at);
  const version = field(8);
  const fixedBytes = version > 0x2ffff ? undefined : FIXED_PARTS.find(([from]) => version >= from)?.[1];
  if (field(0) !== DIRECTORY_MAGIC || fixedBytes === undefined) throw invalidSignature('its code directory is unknown');
  if (view.getUint8(36) !== PAGE_HASH_BYTES || view.getUint8(37) !== 2)
    throw invalidSignature('its pages are not hashed with SHA-256');
  const pageShift = view.getUint8(39);
  if (pageShift !== 12 && pageShift !== 14) throw invalidSignature('its pages have neither 4 nor 16 KiB');
  const pageBytes = 2 ** pageShift;
  const [lengthBytes, hashesAt, identifierAt, specialSlots, pageCount] = [4, 16, 20, 24, 28].map(field) as Fields;
  if (field(32) !== codeBytes)
    throw invalidSignature(`it covers ${field(32)} bytes, ${codeBytes} stand in front of it`);
  if (pageCount !== Math.ceil(codeBytes / pageBytes)) throw invalidSignature('it has another number of pages');
  if (specialSlots > MAX_SIGNATURE_SPECIAL_SLOTS) throw invalidSignature('it has more special slots than there are');
  const specialAt = hashesAt - specialSlots * PAGE_HASH_BYTES;
  if (specialAt < fixedBytes || hashesAt + pageCount * PAGE_HASH_BYTES > lengthBytes)
    throw invalidSignature('its hashes do not lie inside its code directory');
  if (identifierAt < fixedBytes || identifierAt >= specialAt) throw invalidSignature('its identifier lies elsewhere');
  if (specialAt > fixedBytes + MAX_SIGNATURE_NAME_BYTES) throw invalidSignature('its names are too long');
  if (bytes.length < specialAt) return { need: specialAt };
  const zeros = [40, ...(fixedBytes >= 48 ? [44] : []), ...(fixedBytes >= 64 ? [52, 56, 60] : [])];
  if (zeros.some((at) => field(at) !== 0) || (fixedBytes >= 96 && field(92) !== 0))
    throw invalidSignature('it has pages of a kind that is not known here');
  const identifier = readIdentifier(bytes.subarray(identifierAt, specialAt));
  return { lengthBytes, flags: field(12), identifier, pageBytes, pageCount, hashesAt, specialSlots };
}

type Fields = [number, number, number, number, number];

export interface NewDirectory {
  /** 1 to 200 printable ASCII characters. */
  readonly identifier: string;
  /** Where the signature will begin in the file. */
  readonly codeBytes: number;
  /** Length of the segment __TEXT in the file, which begins with the file. */
  readonly textBytes: number;
}

/** Version 0x20400, ad hoc, as linkers write it: 4 KiB pages, their hashes still zero. */
export function encodeCodeDirectory({ identifier, codeBytes, textBytes }: NewDirectory): Uint8Array {
  if (!/^[\x21-\x7e]{1,200}$/.test(identifier)) throw new RangeError('an identifier is 1 to 200 visible characters');
  const [fixedBytes, pageShift, version] = [88, 12, 0x20400];
  const hashesAt = fixedBytes + identifier.length + 1;
  const pageCount = Math.ceil(codeBytes / 2 ** pageShift);
  const bytes = new Uint8Array(hashesAt + pageCount * PAGE_HASH_BYTES);
  const view = new DataView(bytes.buffer);
  const flags = AD_HOC | LINKER_SIGNED;
  const fields = [DIRECTORY_MAGIC, bytes.length, version, flags, hashesAt, fixedBytes, 0, pageCount, codeBytes];
  for (const [index, value] of fields.entries()) view.setUint32(index * 4, value);
  bytes.set([PAGE_HASH_BYTES, 2, 0, pageShift], 36);
  view.setBigUint64(72, BigInt(textBytes));
  view.setBigUint64(80, 1n);
  bytes.set(asciiBytes(identifier), fixedBytes);
  return bytes;
}

/** The text up to the first zero. A team's name may follow. */
function readIdentifier(bytes: Uint8Array): string {
  const text = bytes.subarray(0, Math.max(bytes.indexOf(0), 0));
  if (text.length === 0 || text.some((byte) => byte < 0x21 || byte > 0x7e))
    throw invalidSignature('its identifier is not printable');
  return String.fromCharCode(...text);
}

export function invalidSignature(reason: string): PeerpatchError {
  return new PeerpatchError('CODE_SIGNATURE_INVALID', `the program's code signature is not right: ${reason}`);
}
