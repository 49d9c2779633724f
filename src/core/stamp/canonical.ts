/**
 * The canonical image: the program with zeros where its release block and region stand. Spec: docs/spec/02-stamp.md.
 *
 * Chunks, deltas and roots are made of it, so that signing a program again changes none of them. As long as the file.
 *
 * @module
 */
import { STAMP_BYTES } from './block.ts';

/** Turns a file that streams by into its canonical image. */
export interface Canonicalizer {
  /**
   * The next piece of the file, of any length.
   *
   * @returns the piece itself; a copy where it holds a part of the stamp
   */
  update(piece: Uint8Array): Uint8Array;
}

/** @param stampOffset where the release block begins in the file; Infinity for a file without one */
export function createCanonicalizer(stampOffset: number): Canonicalizer {
  let position = 0;
  return {
    update(piece) {
      const start = position;
      position += piece.length;
      if (position <= stampOffset || start >= stampOffset + STAMP_BYTES) return piece;
      const copy = piece.slice();
      zeroStamp(copy, start, stampOffset);
      return copy;
    },
  };
}

/** Zeroes, in place, what `bytes` hold of the stamp. @param fileOffset where in the file they begin */
export function zeroStamp(bytes: Uint8Array, fileOffset: number, stampOffset: number): void {
  const within = (offset: number): number => Math.min(Math.max(offset - fileOffset, 0), bytes.length);
  bytes.fill(0, within(stampOffset), within(stampOffset + STAMP_BYTES));
}
