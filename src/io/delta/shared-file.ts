/**
 * A whole program in memory that threads share.
 *
 * @module
 */
import { open, type FileHandle } from 'node:fs/promises';
import { PeerpatchError } from '../../core/base/errors.ts';
import { MAX_PROGRAM_BYTES } from '../../core/base/limits.ts';
import { findPlaces, zeroPlaces } from '../../core/codesign/image.ts';
import { unreadable } from '../files/file-error.ts';
import { READ_FILE } from '../files/open-program.ts';

/** One read: the system takes no more than 2 GiB, and an abort should not wait long. */
const READ_BYTES: number = 16 * 1024 ** 2;

export interface ReadImageOptions {
  readonly path: string;
  /** Where the stamp lies, which becomes zeros. Undefined: the file as it is. */
  readonly stampOffset: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The canonical image of a program. @throws PeerpatchError PROGRAM_UNREADABLE, OPTION_INVALID; the signal's reason */
export async function readImage({ path, stampOffset, signal }: ReadImageOptions): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, READ_FILE);
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error('not a file');
    const image = allocate(path, stat.size);
    for (let at = 0; at < image.length;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(image, at, Math.min(READ_BYTES, image.length - at), at);
      if (bytesRead === 0) throw new Error('it became shorter while it was read');
      at += bytesRead;
    }
    if (stampOffset !== undefined) zeroPlaces(image, 0, findPlaces(image, stampOffset));
    return image;
  } catch (cause) {
    if (signal?.aborted === true || cause instanceof PeerpatchError) throw cause;
    throw unreadable(path, cause);
  } finally {
    await file?.close();
  }
}

function allocate(path: string, sizeBytes: number): Uint8Array {
  try {
    // What a delta copies is counted with 32 bits, the length of the base as well.
    if (sizeBytes < MAX_PROGRAM_BYTES) return new Uint8Array(new SharedArrayBuffer(sizeBytes));
  } catch (cause) {
    const message = `${path} does not fit into memory (${sizeBytes} bytes): make the delta on a larger machine, or none`;
    throw new PeerpatchError('OPTION_INVALID', message, { cause });
  }
  const message = `${path} is too large for a delta: ${sizeBytes} bytes, and less than ${MAX_PROGRAM_BYTES} are possible`;
  throw new PeerpatchError('OPTION_INVALID', message);
}
