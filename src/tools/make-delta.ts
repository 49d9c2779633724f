/**
 * Makes the delta from one program to another. Spec: docs/spec/13-delta.md.
 *
 * Both programs are in memory, and an index of the old one. A delta that is reported as made was applied once, and gave the
 * new program.
 *
 * @module
 */
import { rename, rm, open, type FileHandle } from 'node:fs/promises';
import { applyDelta } from '../agent/delta/apply-delta.ts';
import { PeerpatchError } from '../core/base/errors.ts';
import { encodeBlocks } from '../core/delta/encode.ts';
import { encodeDeltaHead, encodePackedBlock } from '../core/delta/format.ts';
import { pairOf } from '../core/delta/similarity.ts';
import { findCopies } from '../io/delta/find-copies.ts';
import { packBlocks } from '../io/delta/pack-blocks.ts';
import { readImage } from '../io/delta/shared-file.ts';
import { errnoOf, installError } from '../io/files/file-error.ts';
import { stagedPath } from '../io/install/leftovers.ts';
import { brotli } from '../io/system/brotli.ts';

export interface MakeDeltaOptions {
  /** The old program. */
  readonly basePath: string;
  /** The new program. */
  readonly resultPath: string;
  /** Where the old program's stamp lies. With it the delta is made between canonical images, whose stamp is zero. */
  readonly baseStampOffset?: number | undefined;
  readonly resultStampOffset?: number | undefined;
  /** Where the delta goes. A file there is replaced when the delta is complete and proven. */
  readonly out: string;
  /** Called with the share that is done: from 0 to 1, never less than before. */
  readonly onProgress?: ((share: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface MadeDelta {
  /** Length of the delta. */
  readonly sizeBytes: number;
  readonly baseSizeBytes: number;
  readonly resultSizeBytes: number;
}

/** Shares of the whole work at which its parts begin. */
const PROGRESS = { find: 0.05, pack: 0.5, prove: 0.9 };
/** Blocks compressed at once: the runtime's thread pool has four. */
const CONCURRENCY = 4;
const READ_BYTES: number = 1024 ** 2;

/**
 * @throws PeerpatchError PROGRAM_UNREADABLE, OPTION_INVALID (too large), INSTALL_NOT_WRITABLE, INSTALL_NO_SPACE, INSTALL_FAILED
 *   (the delta could not be written), CANCELLED: what was at `out` is still there
 */
export async function makeDelta(options: MakeDeltaOptions): Promise<MadeDelta> {
  const { basePath, resultPath, baseStampOffset, resultStampOffset, out, signal } = options;
  try {
    signal?.throwIfAborted();
    const base = await readImage({ path: basePath, stampOffset: baseStampOffset, signal });
    const result = await readImage({ path: resultPath, stampOffset: resultStampOffset, signal });
    return await writeProven(out, (file) => write(file, base, result, options));
  } catch (cause) {
    if (signal?.aborted !== true) throw cause;
    throw new PeerpatchError('CANCELLED', `making a delta for ${resultPath} was stopped`, { cause });
  }
}

/** Makes a file that is not seen at `path` before `fill` has said that it is right. */
async function writeProven<T>(path: string, fill: (file: FileHandle) => Promise<T>): Promise<T> {
  const staged = stagedPath(path);
  let file: FileHandle | undefined;
  try {
    file = await open(staged, 'wx+').catch((cause: unknown) => failToWrite(path, cause));
    const made = await fill(file);
    await file.sync().catch((cause: unknown) => failToWrite(path, cause));
    await file.close();
    await rename(staged, path).catch((cause: unknown) => failToWrite(path, cause));
    return made;
  } finally {
    // What went wrong counts, not a leftover file; after the rename there is none.
    await file?.close().catch(() => undefined);
    await rm(staged, { force: true }).catch(() => undefined);
  }
}

function failToWrite(path: string, cause: unknown): never {
  if (errnoOf(cause) !== 'ENOENT') throw installError(path, cause);
  throw new PeerpatchError('INSTALL_FAILED', `no folder to write ${path} into: make it first`, { cause });
}

async function write(
  file: FileHandle,
  base: Uint8Array,
  result: Uint8Array,
  { out, onProgress, signal }: MakeDeltaOptions,
): Promise<MadeDelta> {
  const sizes = { baseSizeBytes: base.length, resultSizeBytes: result.length };
  const report = (from: number, to: number) => (share: number) => onProgress?.(from + (to - from) * share);
  report(0, PROGRESS.find)(1);
  const copies = await findCopies({ base, result, onProgress: report(PROGRESS.find, PROGRESS.pack), signal });

  let sizeBytes = 0;
  const append = async (bytes: Uint8Array): Promise<void> => {
    await file.writeFile(bytes).catch((cause: unknown) => failToWrite(out, cause));
    sizeBytes += bytes.length;
  };
  await append(encodeDeltaHead(sizes));
  const blocks = encodeBlocks(pairOf(base, result), copies);
  for await (const block of packBlocks({ blocks, compression: brotli, concurrency: CONCURRENCY })) {
    signal?.throwIfAborted();
    await append(encodePackedBlock(block));
  }
  report(PROGRESS.pack, PROGRESS.prove)(1);
  await prove(file, base, result, signal);
  onProgress?.(1);
  return { sizeBytes, ...sizes };
}

/** Applies what was written. */
async function prove(
  file: FileHandle,
  base: Uint8Array,
  result: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  let at = 0;
  await applyDelta({
    base: { sizeBytes: base.length, read: (offset, length) => Promise.resolve(base.subarray(offset, offset + length)) },
    delta: file.createReadStream({ start: 0, highWaterMark: READ_BYTES, autoClose: false }),
    compression: brotli,
    baseSizeBytes: base.length,
    resultSizeBytes: result.length,
    signal,
    write: (bytes) => {
      const expected = result.subarray(at, at + bytes.length);
      if (Buffer.compare(bytes, expected) !== 0) throw new Error(`the delta makes something else from byte ${at} on`);
      at += bytes.length;
      return Promise.resolve();
    },
  });
}
