/**
 * The canonical image: the program with zeros for what signing changes. Spec: docs/spec/02-stamp.md,
 * docs/spec/18-code-signature.md.
 *
 * These are the stamp, and in a Mach-O program the page hashes of its ad hoc code signature, which follow from the other bytes.
 * Chunks, deltas and roots are made of the image, so that signing a program again changes none of them. As long as the file.
 *
 * @module
 */
import { isPeerpatchError } from '../base/errors.ts';
import { STAMP_BYTES } from '../stamp/block.ts';
import { createHead, type Head, type NeedBytes } from '../stamp/head.ts';
import { readMachO } from '../stamp/macho.ts';
import { PAGE_HASH_BYTES } from './directory.ts';
import { isRenewable, readSignatureHead } from './signature.ts';

/** A part of a file. */
export interface Place {
  readonly offset: number;
  readonly sizeBytes: number;
}

/** Turns a file that streams by into its canonical image. */
export interface Canonicalizer {
  /**
   * The next piece of the file, of any length.
   *
   * @returns the piece itself; a copy where it holds a part that is zero in the image
   */
  update(piece: Uint8Array): Uint8Array;
}

/** @param stampOffset where the release block begins in the file; undefined for content that is no program of ours: as it is */
export function createCanonicalizer(stampOffset: number | undefined): Canonicalizer {
  if (stampOffset === undefined) return { update: (piece) => piece };
  const places: Place[] = [stampPlace(stampOffset)];
  let position = 0;
  let signatureAt = Infinity;
  let head: Head | undefined = createHead(readSignaturePlace, (offset) => {
    signatureAt = offset ?? Infinity;
  });
  let signature: Head | undefined = createHead(
    (bytes) => readHashPlace(bytes, signatureAt),
    (place) => {
      if (place !== undefined) places.push(place);
    },
  );
  return {
    update(piece) {
      const start = position;
      position += piece.length;
      if (head?.update(piece) !== undefined) head = undefined;
      // The signature's own head ends before its hashes begin: in this piece or an earlier one.
      if (position > signatureAt && signature?.update(piece.subarray(Math.max(signatureAt - start, 0))) !== undefined)
        signature = undefined;
      if (!places.some((place) => overlaps(place, start, piece.length))) return piece;
      const copy = piece.slice();
      zeroPlaces(copy, start, places);
      return copy;
    },
  };
}

/** Zeroes, in place, what `bytes` hold of the places. @param fileOffset where in the file they begin */
export function zeroPlaces(bytes: Uint8Array, fileOffset: number, places: readonly Place[]): void {
  const within = (offset: number): number => Math.min(Math.max(offset - fileOffset, 0), bytes.length);
  for (const { offset, sizeBytes } of places) bytes.fill(0, within(offset), within(offset + sizeBytes));
}

/** Of a whole file in memory. */
export function findPlaces(file: Uint8Array, stampOffset: number): readonly Place[] {
  const places = [stampPlace(stampOffset)];
  const signatureAt = readSignaturePlace(file);
  if (typeof signatureAt !== 'number') return places;
  const hashes = readHashPlace(file.subarray(signatureAt), signatureAt);
  return hashes === undefined || 'need' in hashes ? places : [...places, hashes];
}

export function stampPlace(stampOffset: number): Place {
  return { offset: stampOffset, sizeBytes: STAMP_BYTES };
}

/** Where the code signature begins, from the first bytes of any file. Undefined: it has none. */
export function readSignaturePlace(head: Uint8Array): number | NeedBytes | undefined {
  const found = orUndefined('STAMP_MALFORMED', () => readMachO(head));
  return found === undefined || 'need' in found ? found : found.signedBytes;
}

/**
 * Where the hashes of the pages stand in the file.
 *
 * @param bytes from the first byte of the code signature on
 * @returns undefined for a signature whose hashes are its signer's word, or that cannot be read: it belongs to the image
 */
export function readHashPlace(bytes: Uint8Array, signatureAt: number): Place | NeedBytes | undefined {
  const head = orUndefined('CODE_SIGNATURE_INVALID', () => readSignatureHead(bytes, signatureAt));
  if (head === undefined || 'need' in head) return head;
  if (!isRenewable(head)) return undefined;
  return { offset: signatureAt + head.hashesAt, sizeBytes: head.pageCount * PAGE_HASH_BYTES };
}

/** Any two files can be compared: one that is damaged is bytes like others. */
function orUndefined<T>(code: 'STAMP_MALFORMED' | 'CODE_SIGNATURE_INVALID', read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isPeerpatchError(error, code)) return undefined;
    throw error;
  }
}

function overlaps({ offset, sizeBytes }: Place, start: number, length: number): boolean {
  return offset < start + length && offset + sizeBytes > start;
}
