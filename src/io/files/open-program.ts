/**
 * A program file held open: its bytes stay the same when the path gets another file.
 *
 * @module
 */
import type { Stats } from 'node:fs';
import { open, realpath, type FileHandle } from 'node:fs/promises';
import { checkRange } from '../../core/base/bytes.ts';
import { MAX_PROGRAM_BYTES } from '../../core/base/limits.ts';
import type { OpenProgram } from '../../ports/program.ts';
import { unreadable } from './file-error.ts';

/** Bytes of one read: large enough for the disk, small enough to hold two. */
const PIECE_BYTES: number = 1024 ** 2;

/** Opens the file behind `path`, symbolic links resolved. @throws PeerpatchError PROGRAM_UNREADABLE */
export async function openProgram(path: string): Promise<OpenProgram> {
  let file: FileHandle | undefined;
  try {
    const real = await realpath(path);
    file = await open(real, 'r');
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error('not a file');
    if (stat.size > MAX_PROGRAM_BYTES) throw new Error(`more than ${MAX_PROGRAM_BYTES} bytes`);
    return asProgram(real, stat, file);
  } catch (cause) {
    await file?.close();
    throw unreadable(path, cause);
  }
}

function asProgram(path: string, { size, dev, ino, mtimeMs }: Stats, file: FileHandle): OpenProgram {
  let open = true;
  return {
    path,
    sizeBytes: size,
    // The file stays open, so its number is not given to another one.
    identity: [dev, ino, size, mtimeMs].join(':'),
    read: (from = 0) => pieces(path, file, from),
    readAt: (offset, length) => readExactly({ path, file, offset, length, sizeBytes: size }),
    close: async () => {
      if (!open) return;
      open = false;
      await file.close();
    },
  };
}

interface ExactRead {
  readonly path: string;
  readonly file: FileHandle;
  readonly offset: number;
  readonly length: number;
  readonly sizeBytes: number;
}

async function readExactly({ path, file, offset, length, sizeBytes }: ExactRead): Promise<Uint8Array> {
  checkRange(offset, length, sizeBytes);
  const bytes = new Uint8Array(length);
  try {
    for (let filled = 0; filled < length;) {
      const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
      if (bytesRead === 0) throw new Error('it has become shorter');
      filled += bytesRead;
    }
    return bytes;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** Two buffers take turns: one is filled while the other is used. */
async function* pieces(path: string, file: FileHandle, from: number): AsyncGenerator<Uint8Array, void, undefined> {
  const buffers = [new Uint8Array(PIECE_BYTES), new Uint8Array(PIECE_BYTES)];
  const readAt = async (buffer: Uint8Array, position: number): Promise<Uint8Array> => {
    try {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
      return buffer.subarray(0, bytesRead);
    } catch (cause) {
      throw unreadable(path, cause);
    }
  };
  let [current, other] = buffers as [Uint8Array, Uint8Array];
  let position = from;
  let next = readAt(current, position);
  try {
    for (;;) {
      const piece = await next;
      if (piece.length === 0) return;
      position += piece.length;
      [current, other] = [other, current];
      next = readAt(current, position);
      // It is looked at one round later: until then a failure must not count as unhandled, which ends the process.
      next.catch(() => undefined);
      yield piece;
    }
  } finally {
    await next.catch(() => undefined); // the file may be closed only when nothing reads from it
  }
}
