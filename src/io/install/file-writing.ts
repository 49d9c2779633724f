/**
 * What every large file that is written needs: all bytes of a piece, room on the disk, a disk that begins early.
 *
 * @module
 */
import { statfs, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PeerpatchError } from '../../core/base/errors.ts';

/** Room that must stay: a file system filled to the last byte stops more than updates. */
const SPARE_BYTES: number = 1024 ** 2;

/** The disk begins with so many bytes while more arrive: at the end there is little left to wait for. */
const SYNC_EVERY_BYTES: number = 32 * 1024 ** 2;

/** One call may write less than it was given, on a full disk above all. @throws the system's errors */
export async function writeAll(file: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, offset + done);
    done += bytesWritten;
  }
}

/** @throws PeerpatchError INSTALL_NO_SPACE when `sizeBytes` more do not fit beside `target`, and the system's errors */
export async function checkSpace(target: string, sizeBytes: number): Promise<void> {
  const freeBytes = await roomBeside(target);
  if (freeBytes >= sizeBytes + SPARE_BYTES) return;
  throw new PeerpatchError(
    'INSTALL_NO_SPACE',
    `no room beside ${target}: ${sizeBytes + SPARE_BYTES} bytes are needed, ${freeBytes} are free`,
  );
}

/** Whether so many more fit. @throws the system's errors */
export async function hasSpace(target: string, sizeBytes: number): Promise<boolean> {
  return (await roomBeside(target)) >= sizeBytes + SPARE_BYTES;
}

async function roomBeside(target: string): Promise<number> {
  const { bavail, bsize, blocks } = await statfs(dirname(target));
  return blocks === 0 ? Infinity : bavail * bsize; // some file systems do not know how large they are
}

export interface BackgroundSync {
  readonly noteWritten: (writtenBytes: number) => void;
  /** Resolves when none is going on. Rejects when one has failed: the system tells each failure once. */
  readonly settled: () => Promise<void>;
}

export function createBackgroundSync(file: FileHandle): BackgroundSync {
  let syncedBytes = 0;
  let running: Promise<void> | undefined;
  let failure: { readonly error: unknown } | undefined;
  return {
    noteWritten: (writtenBytes) => {
      if (running !== undefined || writtenBytes - syncedBytes < SYNC_EVERY_BYTES) return;
      syncedBytes = writtenBytes;
      running = file.datasync().then(
        () => (running = undefined),
        (error: unknown) => {
          failure ??= { error };
          running = undefined;
        },
      );
    },
    settled: async () => {
      await running;
      if (failure !== undefined) throw failure.error;
    },
  };
}
