/**
 * Makes the deltas that a statement names, one from each previous program, into the folder beside the program.
 *
 * `<program>.deltas/<root in hex>` holds the delta's bytes. Spec: docs/spec/11-statement.md, docs/spec/13-delta.md.
 *
 * @module
 */
import { mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { measureDelta } from '../../agent/measure-image.ts';
import { toHex } from '../../core/base/hex.ts';
import type { StatementDelta } from '../../core/statement/statement.ts';
import { deltasFolder } from '../../io/files/delta-store.ts';
import { errnoOf, installError } from '../../io/files/file-error.ts';
import { openProgram } from '../../io/files/open-program.ts';
import { brotli } from '../../io/system/brotli.ts';
import { makeDelta } from '../make-delta.ts';
import type { PreviousProgram } from './previous-program.ts';

export interface ProgramDeltasOptions {
  /** Real path of the program they belong to. */
  readonly path: string;
  /** The file that holds its canonical image, if its stamp is read as zeros. */
  readonly imagePath: string;
  readonly stampOffset: number;
  readonly sizeBytes: number;
  /** Manifest root of the canonical image. */
  readonly root: Uint8Array;
  readonly previous: readonly PreviousProgram[];
  /** Share of the delta that is being made. */
  readonly onProgress?: ((share: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ProgramDelta {
  /** Real path of the previous program. */
  readonly previous: string;
  readonly sizeBytes: number;
  /** Undefined when a download of the whole program is smaller: then the delta is not kept. */
  readonly listed: { readonly path: string; readonly delta: StatementDelta } | undefined;
}

export interface ProgramDeltas {
  readonly made: readonly ProgramDelta[];
  /** Removes what was made: the program was not signed after all. */
  discard(): Promise<void>;
}

/** A delta's length stands in four bytes. */
const MAX_DELTA_BYTES = 2 ** 32 - 1;

/** @throws PeerpatchError PROGRAM_UNREADABLE, INSTALL_*, CANCELLED: nothing is left that was not there before */
export async function makeProgramDeltas(options: ProgramDeltasOptions): Promise<ProgramDeltas> {
  const { path, root } = options;
  const folder = deltasFolder(path);
  const created: string[] = [];
  const made: ProgramDelta[] = [];
  const discard = async (): Promise<void> => {
    for (const file of created) await rm(file, { force: true });
    await removeEmpty(folder);
  };
  const bases = new Map(options.previous.map((previous) => [toHex(previous.root), previous]));
  bases.delete(toHex(root)); // the same program under another version: there is nothing to send
  if (bases.size === 0) return { made, discard: () => Promise.resolve() };
  try {
    await mkdir(folder, { recursive: true });
    const wholeBytes = await estimateDownload(options);
    for (const previous of bases.values()) {
      const delta = await makeOne(previous, folder, { ...options, maxBytes: Math.min(wholeBytes, MAX_DELTA_BYTES) });
      if (delta.listed !== undefined && delta.isNew) created.push(delta.listed.path);
      made.push({ previous: previous.path, sizeBytes: delta.sizeBytes, listed: delta.listed });
    }
    if (created.length === 0) await removeEmpty(folder);
    return { made, discard };
  } catch (cause) {
    await discard();
    throw installError(folder, cause);
  }
}

/**
 * Removes the deltas beside a program that its statement does not list, those of earlier releases: nothing would ever ask for
 * them. Files with other names stay.
 *
 * @param path real path of the program
 * @param listed by its statement; none where it has no statement
 * @returns why it could not, as a sentence: the program is signed all the same
 */
export async function sweepProgramDeltas(path: string, listed: readonly StatementDelta[]): Promise<string | undefined> {
  const folder = deltasFolder(path);
  const kept = new Set(listed.map(({ root }) => toHex(root)));
  try {
    for (const name of await readdir(folder)) {
      if (DELTA_NAME.test(name) && !kept.has(name)) await rm(join(folder, name), { force: true });
    }
    await removeEmpty(folder);
    return undefined;
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === undefined) throw cause;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined; // there are none
    return `deltas of earlier releases are still in ${folder} (${code}): nothing asks for them, remove them`;
  }
}

/** A root, or what was being made when its process was killed. */
const DELTA_NAME = /^([0-9a-f]{64}|\.{1,2}making-[0-9a-f]{16}(\..*)?)$/;

/** Deltas of earlier releases stay until this one is signed. */
async function removeEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: unknown) => {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(errnoOf(error) ?? '')) throw error;
  });
}

async function makeOne(
  previous: PreviousProgram,
  folder: string,
  options: ProgramDeltasOptions & { readonly maxBytes: number },
): Promise<Omit<ProgramDelta, 'previous'> & { readonly isNew: boolean }> {
  const making = join(folder, `.making-${toHex(previous.root).slice(0, 16)}`);
  try {
    const { sizeBytes } = await makeDelta({
      basePath: previous.path,
      resultPath: options.imagePath,
      baseStampOffset: previous.stampOffset,
      resultStampOffset: options.stampOffset,
      out: making,
      onProgress: options.onProgress,
      signal: options.signal,
    });
    if (sizeBytes > options.maxBytes) return { sizeBytes, listed: undefined, isNew: false };
    const root = await deltaRoot(making, options.signal);
    const path = join(folder, toHex(root));
    const isNew = !(await isThere(path));
    await rename(making, path);
    return { sizeBytes, listed: { path, delta: { fromRoot: previous.root, sizeBytes, root } }, isNew };
  } finally {
    await rm(making, { force: true });
  }
}

async function deltaRoot(path: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const file = await openProgram(path);
  try {
    return (await measureDelta(file, { signal })).root;
  } finally {
    await file.close();
  }
}

const PIECE_BYTES: number = 256 * 1024;
const SAMPLES = 16;

/**
 * What the whole program takes on the wire, brotli at the quality of chunks, from evenly spaced samples: compressing all of it
 * would take longer than making the delta.
 */
async function estimateDownload({ imagePath, sizeBytes }: ProgramDeltasOptions): Promise<number> {
  const file = await open(imagePath, 'r');
  try {
    let [rawBytes, packedBytes] = [0, 0];
    const step = Math.max(Math.floor(sizeBytes / SAMPLES), PIECE_BYTES);
    for (let at = 0; at < sizeBytes; at += step) {
      const sample = new Uint8Array(Math.min(PIECE_BYTES / 2, sizeBytes - at));
      const { bytesRead } = await file.read(sample, 0, sample.length, at);
      rawBytes += bytesRead;
      packedBytes += (await brotli.compress(sample.subarray(0, bytesRead), 5)).length;
    }
    return rawBytes === 0 ? 0 : Math.ceil((sizeBytes * packedBytes) / rawBytes);
  } finally {
    await file.close();
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await (await open(path, 'r')).close();
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
