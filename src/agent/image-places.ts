/**
 * Where a program file has what is zero in its canonical image, for those who read it piecemeal. Spec:
 * docs/spec/18-code-signature.md.
 *
 * @module
 */
import { readHashPlace, readSignaturePlace, stampPlace, type Place } from '../core/codesign/image.ts';
import { MAX_PROGRAM_HEAD_BYTES } from '../core/base/limits.ts';
import type { NeedBytes } from '../core/stamp/head.ts';
import type { OpenProgram } from '../ports/program.ts';

/**
 * @param stampOffset undefined for content that is no program: nothing of it is zero
 * @throws PeerpatchError PROGRAM_UNREADABLE
 */
export async function imagePlaces(
  file: Pick<OpenProgram, 'sizeBytes' | 'readAt'>,
  stampOffset: number | undefined,
): Promise<readonly Place[]> {
  if (stampOffset === undefined) return [];
  const places = [stampPlace(stampOffset)];
  const signatureAt = await readFrom(file, 0, readSignaturePlace);
  if (signatureAt === undefined) return places;
  const hashes = await readFrom(file, signatureAt, (bytes) => readHashPlace(bytes, signatureAt));
  return hashes === undefined ? places : [...places, hashes];
}

/** Reads as much as it takes. Undefined, too, when the file ends before that. */
async function readFrom<T>(
  file: Pick<OpenProgram, 'sizeBytes' | 'readAt'>,
  offset: number,
  read: (bytes: Uint8Array) => T | NeedBytes | undefined,
): Promise<T | undefined> {
  for (let need = 4096; offset < file.sizeBytes;) {
    const result = read(await file.readAt(offset, Math.min(need, file.sizeBytes - offset)));
    if (typeof result !== 'object' || result === null || !('need' in result)) return result;
    if (result.need > Math.min(file.sizeBytes - offset, MAX_PROGRAM_HEAD_BYTES)) return undefined;
    need = result.need;
  }
  return undefined;
}
