/**
 * A new file written beside the one it will replace. Until it is published nobody sees it. Spec: docs/spec/07-install.md.
 *
 * @module
 */
import { open, rm } from 'node:fs/promises';
import type { UpdateNames } from '../../ports/program.ts';
import { installError } from '../files/file-error.ts';
import { checkSpace, createBackgroundSync, writeAll } from './file-writing.ts';
import { removeLeftovers, stagedPath } from './leftovers.ts';
import type { OldFile, ReplaceOptions, UpdateOptions } from './replace-parts.ts';
import { replaceFile } from './replace.ts';

export interface StageOptions extends UpdateOptions {
  /** Real path of the file to replace or to make. */
  readonly target: string;
  /** Exactly how much will be written: checked against the free space now, and against the disk at the end. */
  readonly sizeBytes: number;
  /** The file to replace. Undefined: there must be none; the new one is executable for everybody the umask lets. */
  readonly old: OldFile | undefined;
}

/** Ends with `publish` or `discard`. */
export interface StagedFile {
  /** In the folder of the target, hidden. */
  readonly path: string;
  /** Appends. @throws PeerpatchError INSTALL_NO_SPACE, INSTALL_FAILED */
  write(bytes: Uint8Array): Promise<void>;
  /** Writes over what is there. @throws PeerpatchError INSTALL_NO_SPACE, INSTALL_FAILED */
  overwrite(bytes: Uint8Array, offset: number): Promise<void>;
  /** Whether these bytes are read back there. @throws PeerpatchError INSTALL_FAILED */
  holds(bytes: Uint8Array, offset: number): Promise<boolean>;
  /**
   * Puts it in the target's place.
   *
   * @param update what the next start has to know; undefined when there is nothing to watch
   * @throws PeerpatchError INSTALL_NOT_WRITABLE, INSTALL_NO_SPACE, INSTALL_FAILED, PREFLIGHT_FAILED, CANCELLED: the old file is
   *   in place
   */
  publish(update?: UpdateNames): Promise<void>;
  /** Removes it. After `publish` it does nothing. */
  discard(): Promise<void>;
}

/** @throws PeerpatchError INSTALL_NOT_WRITABLE, INSTALL_NO_SPACE, INSTALL_FAILED */
export async function stageFile(options: StageOptions): Promise<StagedFile> {
  const { target, sizeBytes, old } = options;
  try {
    await removeLeftovers(target, Date.now());
    await checkSpace(target, sizeBytes);
    const path = stagedPath(target);
    // A replacement gets the old mode at the end. Until then nobody else may read it: the old one may be private.
    const file = await open(path, 'wx+', old === undefined ? 0o777 : 0o600);
    return staged({ ...options, stagedPath: path, staged: file });
  } catch (cause) {
    throw installError(target, cause);
  }
}

function staged(parts: ReplaceOptions): StagedFile {
  const { target, stagedPath: path, staged: file } = parts;
  let published = false;
  let writtenBytes = 0;
  let readBack = Buffer.alloc(0);
  const disk = createBackgroundSync(file);
  const explain = (cause: unknown): never => {
    throw installError(target, cause);
  };
  return {
    path,
    write: async (bytes) => {
      await writeAll(file, bytes, writtenBytes).catch(explain);
      writtenBytes += bytes.length;
      disk.noteWritten(writtenBytes);
    },
    overwrite: (bytes, offset) => writeAll(file, bytes, offset).catch(explain),
    holds: async (bytes, offset) => {
      if (readBack.length < bytes.length) readBack = Buffer.allocUnsafe(bytes.length);
      const { bytesRead } = await file.read(readBack, 0, bytes.length, offset).catch(explain);
      return bytesRead === bytes.length && Buffer.compare(readBack.subarray(0, bytesRead), bytes) === 0;
    },
    publish: async (update) => {
      await disk.settled().catch(explain);
      await replaceFile({ ...parts, update }).catch(explain);
      published = true;
    },
    discard: async () => {
      if (published) return;
      // A failing close must not keep the file there.
      await file
        .close()
        .finally(() => rm(path, { force: true }))
        .catch(explain);
    },
  };
}
