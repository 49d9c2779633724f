/**
 * Numbers in a delta: 7 bits a byte, low group first, bit 7 = more follows, shortest form only. Signed ones are folded
 * first: 0, -1, 1, -2, … become 0, 1, 2, 3, ….
 *
 * Arithmetic with doubles: numbers go up to 2^33, beyond what shifts can do.
 *
 * @module
 */

/** Larger than any folded distance in a program. */
export const MAX_VARINT: number = 2 ** 35 - 1;
/** Bytes of a number up to that. */
export const MAX_VARINT_BYTES = 5;

export function encodeVarint(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > MAX_VARINT) throw new RangeError(`no varint: ${value}`);
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** A signed number as one without a sign. */
export function fold(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

export function unfold(folded: number): number {
  return folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
}

/** Reads one number that arrives byte by byte. */
export interface VarintReader {
  /** The number, once its last byte is there. @throws what `malformed` makes */
  add(byte: number): number | undefined;
}

export function createVarintReader(max: number, malformed: (reason: string) => Error): VarintReader {
  let value = 0;
  let scale = 1;
  return {
    add: (byte) => {
      value += (byte & 0x7f) * scale;
      if (value > max) throw malformed(`a number is above ${max}`);
      if (byte < 0x80) {
        if (byte === 0 && scale > 1) throw malformed('a number is not written in its shortest form');
        return value;
      }
      scale *= 0x80;
      if (scale > MAX_VARINT) throw malformed('a number is too long');
      return undefined;
    },
  };
}
