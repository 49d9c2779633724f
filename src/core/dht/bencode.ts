/**
 * Bencode (BEP 3): the encoding of KRPC messages.
 *
 * i<decimal>e integers · <length>:<bytes> strings · l...e lists · d<key><value>...e dictionaries
 *
 * Strict where two readings could differ: no leading zeros, no `-0`, integers within 64 bits, no key twice, nothing
 * behind the value, nesting bounded. One freedom is left to the sender: keys out of order are accepted, because old
 * nodes send them so. A decoded dictionary keeps the order it came in and is written back in it, so what was signed stays
 * what it was. Spec: docs/spec/04-dht.md.
 *
 * @module
 */
import { asciiBytes, concatBytes } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';
import { MAX_BENCODE_DEPTH } from '../base/limits.ts';

export type Bencoded = Uint8Array | bigint | readonly Bencoded[] | BencodedDictionary;
/** Keys are bytes as Latin-1 text. Written in the order of the map. */
export type BencodedDictionary = ReadonlyMap<string, Bencoded>;

/** BEP 44 sequence numbers; longer integers occur nowhere. */
export const MAX_INTEGER: bigint = 2n ** 63n - 1n;
export const MIN_INTEGER: bigint = -(2n ** 63n);
/** `-9223372036854775808` */
const MAX_INTEGER_CHARACTERS = 20;
const MAX_LENGTH_CHARACTERS = 5;

const CODE_0 = 0x30;
const CODE_9 = 0x39;
const CODE_COLON = 0x3a;
const CODE_D = 0x64;
const CODE_E = 0x65;
const CODE_I = 0x69;
const CODE_L = 0x6c;

interface Cursor {
  readonly bytes: Uint8Array;
  offset: number;
}

/** A dictionary with its keys sorted, as bencode demands; entries that are undefined are left out. */
export function dictionary(entries: Readonly<Record<string, Bencoded | undefined>>): BencodedDictionary {
  const map = new Map<string, Bencoded>();
  for (const key of Object.keys(entries).sort()) {
    const value = entries[key];
    if (value !== undefined) map.set(key, value);
  }
  return map;
}

export function encodeBencode(value: Bencoded): Uint8Array {
  const parts: Uint8Array[] = [];
  write(value, parts);
  return concatBytes(...parts);
}

/**
 * Decodes exactly one value. Strings are views into `bytes`: copy what outlives the packet.
 *
 * @throws PeerpatchError DHT_MESSAGE_MALFORMED
 */
export function decodeBencode(bytes: Uint8Array): Bencoded {
  const cursor: Cursor = { bytes, offset: 0 };
  const value = readValue(cursor, 0);
  if (cursor.offset !== bytes.length) throw malformed(cursor, 'bytes behind the value');
  return value;
}

function write(value: Bencoded, parts: Uint8Array[]): void {
  if (value instanceof Uint8Array) parts.push(asciiBytes(`${value.length}:`), value);
  else if (typeof value === 'bigint') parts.push(asciiBytes(`i${value.toString()}e`));
  else if (isList(value)) {
    parts.push(Uint8Array.of(CODE_L));
    for (const entry of value) write(entry, parts);
    parts.push(Uint8Array.of(CODE_E));
  } else {
    parts.push(Uint8Array.of(CODE_D));
    for (const [key, entry] of value) {
      write(
        Uint8Array.from(key, (character) => character.charCodeAt(0)),
        parts,
      );
      write(entry, parts);
    }
    parts.push(Uint8Array.of(CODE_E));
  }
}

/** `Array.isArray` does not narrow readonly arrays. */
export function isList(value: Bencoded): value is readonly Bencoded[] {
  return Array.isArray(value);
}

function readValue(cursor: Cursor, depth: number): Bencoded {
  if (depth > MAX_BENCODE_DEPTH) throw malformed(cursor, `nested deeper than ${MAX_BENCODE_DEPTH}`);
  const code = cursor.bytes[cursor.offset];
  if (code === CODE_I) return readInteger(cursor);
  if (code === CODE_L) return readList(cursor, depth);
  if (code === CODE_D) return readDictionary(cursor, depth);
  return readString(cursor);
}

function readInteger(cursor: Cursor): bigint {
  cursor.offset++;
  const text = readUntil(cursor, CODE_E, MAX_INTEGER_CHARACTERS);
  if (!/^(0|-?[1-9]\d*)$/.test(text)) throw malformed(cursor, 'not an integer in its one form');
  const value = BigInt(text);
  if (value > MAX_INTEGER || value < MIN_INTEGER) throw malformed(cursor, 'an integer beyond 64 bits');
  return value;
}

function readString(cursor: Cursor): Uint8Array {
  const code = cursor.bytes[cursor.offset] ?? 0;
  if (code < CODE_0 || code > CODE_9) throw malformed(cursor, 'no value where one must be');
  const text = readUntil(cursor, CODE_COLON, MAX_LENGTH_CHARACTERS);
  if (!/^(0|[1-9]\d*)$/.test(text)) throw malformed(cursor, 'not a length in its one form');
  const start = cursor.offset;
  const end = start + Number(text);
  if (end > cursor.bytes.length) throw malformed(cursor, 'a string longer than the rest');
  cursor.offset = end;
  return cursor.bytes.subarray(start, end);
}

function readList(cursor: Cursor, depth: number): Bencoded[] {
  cursor.offset++;
  const list: Bencoded[] = [];
  while (cursor.bytes[cursor.offset] !== CODE_E) list.push(readValue(cursor, depth + 1));
  cursor.offset++;
  return list;
}

function readDictionary(cursor: Cursor, depth: number): BencodedDictionary {
  cursor.offset++;
  const map = new Map<string, Bencoded>();
  while (cursor.bytes[cursor.offset] !== CODE_E) {
    const key = String.fromCharCode(...readString(cursor));
    if (map.has(key)) throw malformed(cursor, 'a key twice'); // two readers could take different ones
    map.set(key, readValue(cursor, depth + 1));
  }
  cursor.offset++;
  return map;
}

function readUntil(cursor: Cursor, end: number, maxCharacters: number): string {
  let text = '';
  for (let count = 0; count <= maxCharacters; count++) {
    const code = cursor.bytes[cursor.offset];
    if (code === undefined) break;
    cursor.offset++;
    if (code === end) return text;
    text += String.fromCharCode(code);
  }
  throw malformed(cursor, 'a number without an end');
}

function malformed(cursor: Cursor, what: string): PeerpatchError {
  return new PeerpatchError('DHT_MESSAGE_MALFORMED', `could not read bencode at byte ${cursor.offset}: ${what}`);
}
