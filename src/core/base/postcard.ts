/**
 * The postcard encoding (https://postcard.jamesmunns.com/wire-format), as far as the v0 formats use it.
 *
 * type     bytes
 * u64      varint: 7 bits a byte, low group first, bit 7 = more follows; 1 to 10 bytes
 * i32      zigzag `(n << 1) ^ (n >> 31)` as a varint of 1 to 5 bytes
 * [u8; n]  n bytes as they are
 *
 * One encoding per value: a varint with a needless last byte is refused, although Rust's decoder takes it.
 *
 * @module
 */
import { concatBytes } from './bytes.ts';

/** Makes the error for bytes that cannot be read, from a reason. */
export type MakeError = (reason: string) => Error;

/** Reads one value after the other. Every method throws what `malformed` makes when the bytes are not that value. */
export interface PostcardReader {
  /** Where the next value begins, counted from the start of the bytes. */
  readonly offset: number;
  /** @param max the largest value allowed: at most 2^53 - 1 */
  u64(max: number): number;
  i32(): number;
  /** A copy of the next `length` bytes. */
  bytes(length: number): Uint8Array;
}

export interface PostcardReaderOptions {
  readonly bytes: Uint8Array;
  /** Where to begin. Default 0. */
  readonly offset?: number;
  readonly malformed: MakeError;
}

export function createPostcardReader({ bytes, offset = 0, malformed }: PostcardReaderOptions): PostcardReader {
  let at = offset;
  const varint = (max: bigint): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at];
      if (byte === undefined) throw malformed('it ends inside a number');
      at++;
      value |= BigInt(byte & 0x7f) << shift;
      // Also ends the loop: after ten groups that are not zero no value is small enough.
      if (value > max || shift > 63n) throw malformed(`a number is above ${max.toString()}`);
      if (byte < 0x80) {
        if (byte === 0 && shift > 0n) throw malformed('a number is not written in its shortest form');
        return value;
      }
    }
  };
  return {
    get offset() {
      return at;
    },
    u64: (max) => Number(varint(BigInt(max))),
    i32: () => {
      const zigzag = varint(0xffffffffn);
      return Number((zigzag >> 1n) ^ -(zigzag & 1n));
    },
    bytes: (length) => {
      if (bytes.length - at < length) throw malformed(`it ends ${length - (bytes.length - at)} bytes too early`);
      at += length;
      return bytes.slice(at - length, at);
    },
  };
}

/** The varint of a safe integer from 0 on. */
export function encodeU64(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt(value);
  if (rest < 0n) throw new RangeError(`not an unsigned number: ${value}`);
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return concatBytes(Uint8Array.from(bytes), Uint8Array.of(Number(rest)));
}

/** The zigzag varint of an integer from -2^31 to 2^31 - 1. */
export function encodeI32(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < -(2 ** 31) || value >= 2 ** 31) throw new RangeError(`not an i32: ${value}`);
  return encodeU64(((value << 1) ^ (value >> 31)) >>> 0);
}
