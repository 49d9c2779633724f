/**
 * Files that are written in any order and gone on with by the next process: the PartialStore port, and partial programs.
 * Spec: docs/spec/07-install.md, 14-exchange.md.
 *
 * Which process a file belongs to is said by its name: see partial-name.ts. Nothing here knows which bytes are right.
 *
 * @module
 */
import { constants } from 'node:fs';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { checkRange } from '../../core/base/bytes.ts';
import { PeerpatchError } from '../../core/base/errors.ts';
import type { PartialFile, PartialStore } from '../../ports/partial.ts';
import type { PartialProgram } from '../../ports/program.ts';
import { errnoOf, installError } from '../files/file-error.ts';
import { checkSpace, createBackgroundSync, writeAll, type BackgroundSync } from './file-writing.ts';
import { findPartials, openPartials, partialPath, removeLeftovers } from './leftovers.ts';
import type { OldFile, UpdateOptions } from './replace-parts.ts';
import { replaceFile } from './replace.ts';

/** Partial content in a folder of its own, made when it is not there. */
export function partialStore(folder: string): PartialStore {
  const target = partialTarget(folder);
  return {
    open: async (name, sizeBytes) => {
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        return partialFile(await openPartial({ target, name, sizeBytes, mode: 0o600, isShared: true }));
      } catch (cause) {
        throw installError(target, cause);
      }
    },
  };
}

/** What the files of a partial store stand beside: the `target` of leftovers.ts. */
export function partialTarget(folder: string): string {
  return join(folder, 'content');
}

export interface PartialProgramOptions extends UpdateOptions {
  /** Real path of the file to replace or to make. */
  readonly target: string;
  /** The root of the release, in hex. */
  readonly name: string;
  readonly sizeBytes: number;
  /** The file to replace. Undefined: there must be none. */
  readonly old: OldFile | undefined;
}

/** @throws PeerpatchError INSTALL_NOT_WRITABLE, INSTALL_NO_SPACE, INSTALL_FAILED */
export async function openPartialProgram(options: PartialProgramOptions): Promise<PartialProgram> {
  const { target, name, sizeBytes, old } = options;
  try {
    // As with staged files: a replacement gets the old mode at the end, and until then nobody else may read it.
    const mode = old === undefined ? 0o777 : 0o600;
    const opened = await openPartial({ target, name, sizeBytes, mode, isShared: false });
    const file = partialFile(opened);
    return {
      ...file,
      install: async (_release, update) => {
        try {
          await opened.disk.settled();
          await replaceFile({ ...options, stagedPath: opened.path, staged: opened.handle, update });
          openPartials.delete(opened.path);
        } catch (cause) {
          throw installError(target, cause);
        }
      },
    };
  } catch (cause) {
    throw installError(target, cause);
  }
}

interface OpenedPartial {
  readonly target: string;
  readonly path: string;
  readonly handle: FileHandle;
  readonly disk: BackgroundSync;
  readonly sizeBytes: number;
  readonly isNew: boolean;
}

function partialFile({ target, path, handle, disk, sizeBytes, isNew }: OpenedPartial): PartialFile {
  let writtenBytes = 0;
  const explain = (cause: unknown): never => {
    throw installError(target, cause);
  };
  const close = async (): Promise<void> => {
    if (!openPartials.delete(path)) return;
    await disk.settled().catch(() => undefined); // what did not reach the disk is fetched again: nobody believes it unread
    await handle.close();
  };
  return {
    sizeBytes,
    isNew,
    read: async (offset, length, memory = new Uint8Array(length)) => {
      checkRange(offset, length, sizeBytes);
      checkRange(0, length, memory.length);
      return readAll(handle, offset, memory.subarray(0, length)).catch(explain);
    },
    write: async (offset, bytes) => {
      checkRange(offset, bytes.length, sizeBytes);
      await writeAll(handle, bytes, offset).catch(explain);
      writtenBytes += bytes.length;
      disk.noteWritten(writtenBytes);
    },
    close: () => close().catch(explain),
    discard: async () => {
      if (!openPartials.has(path)) return;
      await close()
        .finally(() => rm(path, { force: true }))
        .catch(explain);
    },
  };
}

interface OpenOptions {
  readonly target: string;
  readonly name: string;
  readonly sizeBytes: number;
  /** Of a new file. */
  readonly mode: number;
  /** Whether several programs have their partial files there. */
  readonly isShared: boolean;
}

/** Takes over what an ended process left, or makes a file of zeros. */
async function openPartial({ target, name, sizeBytes, mode, isShared }: OpenOptions): Promise<OpenedPartial> {
  const path = partialPath(target, name);
  if (openPartials.has(path)) {
    throw new PeerpatchError('INSTALL_FAILED', `${path} is being written already: wait until that has ended`);
  }
  await removeLeftovers(target, Date.now(), { content: name, isShared });
  await takeOver(target, name, path);
  const kept = await openKept(path, sizeBytes);
  const handle = kept?.handle ?? (await open(path, 'wx+', mode));
  try {
    await checkSpace(target, sizeBytes - (kept?.heldBytes ?? 0));
    if (kept === undefined) await handle.truncate(sizeBytes);
  } catch (error) {
    await handle.close();
    if (kept === undefined) await rm(path, { force: true });
    throw error;
  }
  openPartials.add(path);
  return { target, path, handle, disk: createBackgroundSync(handle), sizeBytes, isNew: kept === undefined };
}

/** The fullest of the files that nobody writes any more gets our name, the others go. */
async function takeOver(target: string, name: string, path: string): Promise<void> {
  const free = (await findPartials(target, Date.now())).filter(({ content, isFree }) => content === name && isFree);
  const [fullest, ...others] = free.sort((a, b) => b.blocks - a.blocks);
  // Renaming onto itself does nothing: a process started again under its old number.
  if (fullest !== undefined) await rename(fullest.path, path).catch(ignoreGone);
  for (const other of others) if (other.path !== path) await rm(other.path, { force: true }).catch(ignoreGone);
}

/** Another process was first, or it is a file of another user that we may not touch. */
function ignoreGone(error: unknown): void {
  if (!['ENOENT', 'EPERM', 'EACCES'].includes(errnoOf(error) ?? '')) throw error;
}

interface KeptFile {
  readonly handle: FileHandle;
  /** Of the disk that it takes already. */
  readonly heldBytes: number;
}

/** The file at `path` when it is one that we left. Anything else there is removed. */
async function openKept(path: string, sizeBytes: number): Promise<KeptFile | undefined> {
  let handle: FileHandle | undefined;
  try {
    // In a folder for everybody somebody could have put a link here, to have us write into another file of ours.
    // Where the system has no such flag it adds nothing.
    handle = await open(path, constants.O_RDWR | constants.O_NOFOLLOW);
    const { size, blocks, uid, nlink } = await handle.stat();
    const isOurs = nlink === 1 && uid === (process.getuid?.() ?? uid);
    if (isOurs && size === sizeBytes) return { handle, heldBytes: Math.min(blocks * 512, sizeBytes) };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
  }
  await handle?.close();
  await rm(path, { force: true });
  return undefined;
}

async function readAll(file: FileHandle, offset: number, bytes: Uint8Array): Promise<Uint8Array> {
  for (let filled = 0; filled < bytes.length;) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, offset + filled);
    if (bytesRead === 0)
      throw new PeerpatchError('INSTALL_FAILED', 'a partial file has become shorter: it is begun anew');
    filled += bytesRead;
  }
  return bytes;
}
