/**
 * One section of a block: numbers or bytes of one kind, one after the other. Written by the encoder, read by the decoder.
 *
 * @module
 */
import { malformedDelta } from './format.ts';
import { MAX_VARINT, MAX_VARINT_BYTES } from './varint.ts';

export interface SectionWriter {
  readonly length: number;
  putVarint(value: number): void;
  putBytes(bytes: Uint8Array): void;
  /** What was put since the last time, as a copy. */
  take(): Uint8Array;
}

export function createSectionWriter(): SectionWriter {
  let bytes = new Uint8Array(1024);
  let used = 0;
  const makeRoom = (length: number): void => {
    if (used + length <= bytes.length) return;
    const larger = new Uint8Array(Math.max(bytes.length * 2, used + length));
    larger.set(bytes.subarray(0, used));
    bytes = larger;
  };
  return {
    get length() {
      return used;
    },
    putVarint: (value) => {
      makeRoom(MAX_VARINT_BYTES);
      let rest = value;
      for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes[used++] = (rest % 0x80) | 0x80;
      bytes[used++] = rest;
    },
    putBytes: (added) => {
      makeRoom(added.length);
      bytes.set(added, used);
      used += added.length;
    },
    take: () => {
      const taken = bytes.slice(0, used);
      used = 0;
      return taken;
    },
  };
}

export interface SectionReader {
  readonly left: number;
  /** @throws PeerpatchError DELTA_MALFORMED */
  varint(): number;
  /** A view of the next bytes. @throws PeerpatchError DELTA_MALFORMED */
  bytes(length: number): Uint8Array;
}

export function createSectionReader(section: Uint8Array): SectionReader {
  let at = 0;
  return {
    get left() {
      return section.length - at;
    },
    varint: () => {
      const first = section[at++];
      if (first === undefined) throw malformedDelta('a section ends too early');
      if (first < 0x80) return first;
      let value = first & 0x7f;
      for (let scale = 0x80; scale <= MAX_VARINT; scale *= 0x80) {
        const byte = section[at++];
        if (byte === undefined) throw malformedDelta('a section ends inside a number');
        value += (byte & 0x7f) * scale;
        if (byte >= 0x80) continue;
        if (byte === 0) throw malformedDelta('a number is not written in its shortest form');
        return value;
      }
      throw malformedDelta('a number is too long');
    },
    bytes: (length) => {
      if (length > section.length - at) throw malformedDelta('a section ends too early');
      at += length;
      return section.subarray(at - length, at);
    },
  };
}
