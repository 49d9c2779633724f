/**
 * A program file held open: its bytes stay the same when the path gets another file.
 *
 * @module
 */
import { constants, type Stats } from 'node:fs';
import { open, realpath, type FileHandle } from 'node:fs/promises';
import { checkRange } from '../../core/base/bytes.ts';
import { MAX_PROGRAM_BYTES } from '../../core/base/limits.ts';
import type { OpenProgram } from '../../ports/program.ts';
import { unreadable } from './file-error.ts';

/** Bytes of one read: large enough for the disk, small enough to hold two. */
const PIECE_BYTES: number = 1024 ** 2;

/**
 * For reading what should be a plain file. Opening a named pipe would wait until somebody writes into it, for ever; to a plain file
 * the second flag means nothing, and some systems do not have it.
 */
export const READ_FILE: number = constants.O_RDONLY | ((constants.O_NONBLOCK as number | undefined) ?? 0);

/** Opens the file behind `path`, symbolic links resolved. @throws PeerpatchError PROGRAM_UNREADABLE */
export async function openProgram(path: string): Promise<OpenProgram> {
  let file: FileHandle | undefined;
  try {
    const real = await realpath(path);
    file = await open(real, READ_FILE);
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
    readAt: async (offset, length, memory = new Uint8Array(length)) => {
      checkRange(offset, length, size);
      checkRange(0, length, memory.length);
      return readExactly({ path, file, offset, bytes: memory.subarray(0, length) });
    },
    close: async () => {
      if (!open) return;
      open = false;
      await file.close().catch(() => undefined); // it was only read: there is nothing to lose
    },
  };
}

interface ExactRead {
  readonly path: string;
  readonly file: FileHandle;
  readonly offset: number;
  /** To be filled. */
  readonly bytes: Uint8Array;
}

async function readExactly({ path, file, offset, bytes }: ExactRead): Promise<Uint8Array> {
  try {
    for (let filled = 0; filled < bytes.length;) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, offset + filled);
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
