/**
 * Operations on byte arrays that the language lacks. Does not decode anything.
 *
 * @module
 */

/** Joins byte arrays into a new one. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Whether two byte arrays hold the same bytes. Takes longer the longer they agree: not for secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Orders byte arrays as unsigned big-endian numbers of equal length, shorter first: for `sort`. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let index = 0; index < a.length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The bytes of an ASCII text. @throws RangeError when a character is not ASCII: texts in formats are constants. */
export function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => {
    const code = character.charCodeAt(0);
    if (code > 0x7f) throw new RangeError(`not ASCII: ${JSON.stringify(text)}`);
    return code;
  });
}

/** `value` as eight little-endian bytes. Numbers must be safe integers, not negative. */
export function u64le(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}

/** `value` as eight big-endian bytes. Numbers must be safe integers, not negative. */
export function u64be(value: number): Uint8Array {
  return u64le(value).reverse();
}

/** @throws RangeError unless `length` bytes from `offset` on lie inside `sizeBytes` */
export function checkRange(offset: number, length: number, sizeBytes: number): void {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
  if (whole && offset >= 0 && length >= 0 && offset + length <= sizeBytes) return;
  throw new RangeError(`${length} bytes from ${offset} on are not inside ${sizeBytes} bytes`);
}
