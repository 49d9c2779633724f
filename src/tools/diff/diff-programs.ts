/**
 * What a release will cost those who have an earlier one: by delta, by chunks, whole. Any two files can be compared.
 *
 * Counts everything that depends on the release: each page and chunk as peers encode it, the question and the answer around it,
 * the statement and the stamp. Not counted, because it depends on the network: finding peers, handshakes, packet headers.
 *
 * @module
 */
import { equalBytes } from '../../core/base/bytes.ts';
import { isPeerpatchError } from '../../core/base/errors.ts';
import { openProgram } from '../../io/files/open-program.ts';
import { systemClock } from '../../io/system/clock.ts';
import type { OpenProgram } from '../../ports/program.ts';
import { readCompared, type ComparedProgram } from './compared-program.ts';
import {
  chunkCosts,
  deltaCost,
  type ChunksCost,
  type Comparison,
  type DeltaCost,
  type WholeCost,
} from './way-costs.ts';
import { wireBytes } from './wire-cost.ts';

export type DiffStep = 'reading' | 'delta' | 'chunks';

export interface DiffProgramsOptions {
  readonly oldPath: string;
  readonly newPath: string;
  /** Default: true. Making the delta takes the most time and memory of all. */
  readonly delta?: boolean | undefined;
  /** What is done of a step, in bytes of the new file. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number, step: DiffStep) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** `bytes` of each way is everything that crosses the wire, statement and stamp with it. */
export interface ProgramDiff {
  /** Of the cheapest way. */
  readonly bytes: number;
  /** Which one that is. `none`: the files are the same. */
  readonly plan: 'none' | 'delta' | 'chunks' | 'whole';
  readonly oldSizeBytes: number;
  readonly newSizeBytes: number;
  /** Part of each way: statement and stamp. 0 for a file without a release block. */
  readonly releaseBytes: number;
  /** Undefined when none was asked for or could be made, and between files that are the same. */
  readonly delta: DeltaCost | undefined;
  /** Why none could be made: the files are too large for one, or for the memory of this machine. */
  readonly deltaNote: string | undefined;
  readonly chunks: ChunksCost;
  readonly whole: WholeCost;
  /** Of reading both files, and of everything. */
  readonly readingMs: number;
  readonly elapsedMs: number;
}

/**
 * Leaves no file behind, also when it is stopped.
 *
 * @throws PeerpatchError PROGRAM_UNREADABLE, CANCELLED; INSTALL_NO_SPACE, INSTALL_FAILED from making a delta
 */
export async function diffPrograms(options: DiffProgramsOptions): Promise<ProgramDiff> {
  const oldFile = await openProgram(options.oldPath);
  try {
    const newFile = await openProgram(options.newPath);
    try {
      return await compare(oldFile, newFile, options);
    } finally {
      await newFile.close();
    }
  } finally {
    await oldFile.close();
  }
}

async function compare(oldFile: OpenProgram, newFile: OpenProgram, options: DiffProgramsOptions): Promise<ProgramDiff> {
  const { signal, onProgress } = options;
  const began = systemClock.monotonic();
  const { sizeBytes } = newFile;
  const progress = (step: DiffStep) => (share: number) => onProgress?.(Math.round(share * sizeBytes), sizeBytes, step);
  const onRead = counter(2 * (oldFile.sizeBytes + newFile.sizeBytes), progress('reading')); // twice: stamp, chunks
  const older = await readCompared(oldFile, { onRead, signal });
  const newer = await readCompared(newFile, { onRead, signal });
  const readingMs = systemClock.monotonic() - began;

  const isSame = isSameFile(older, newer);
  const comparison = { older, newer, releaseBytes: releaseBytes(newer), signal };
  const isWanted = !isSame && options.delta !== false;
  const { delta, deltaNote } = isWanted
    ? await deltaCostOrWhyNot({ ...comparison, onProgress: progress('delta') })
    : { delta: undefined, deltaNote: undefined };
  const { chunks, whole } = await chunkCosts({ ...comparison, onProgress: progress('chunks') });
  return {
    ...(isSame ? { plan: 'none', bytes: 0 } : cheapest(delta, chunks, whole)),
    oldSizeBytes: oldFile.sizeBytes,
    newSizeBytes: sizeBytes,
    releaseBytes: comparison.releaseBytes,
    delta,
    deltaNote,
    chunks,
    whole,
    readingMs,
    elapsedMs: systemClock.monotonic() - began,
  };
}

/** What is too large for a delta has other ways, and they are what it is asked about. */
async function deltaCostOrWhyNot(comparison: Comparison): Promise<Pick<ProgramDiff, 'delta' | 'deltaNote'>> {
  try {
    return { delta: await deltaCost(comparison), deltaNote: undefined };
  } catch (error) {
    if (!isPeerpatchError(error, 'OPTION_INVALID')) throw error;
    return { delta: undefined, deltaNote: error.message };
  }
}

/** The earlier one where two cost the same. */
function cheapest(
  delta: DeltaCost | undefined,
  chunks: ChunksCost,
  whole: WholeCost,
): Pick<ProgramDiff, 'plan' | 'bytes'> {
  const ways: Pick<ProgramDiff, 'plan' | 'bytes'>[] = [];
  if (delta !== undefined) ways.push({ plan: 'delta', bytes: delta.bytes });
  // Chunks that have nothing in common are the whole program.
  if (chunks.reused > 0 || chunks.missing === 0) ways.push({ plan: 'chunks', bytes: chunks.bytes });
  const last = { plan: 'whole', bytes: whole.bytes } as const;
  return ways.reduceRight<Pick<ProgramDiff, 'plan' | 'bytes'>>(
    (best, way) => (way.bytes <= best.bytes ? way : best),
    last,
  );
}

function isSameFile(older: ComparedProgram, newer: ComparedProgram): boolean {
  if (!equalBytes(older.content.manifest.root, newer.content.manifest.root)) return false;
  if (older.stamp === undefined || newer.stamp === undefined) return older.stamp === newer.stamp;
  return equalBytes(older.stamp.bytes, newer.stamp.bytes);
}

function releaseBytes({ stamp }: ComparedProgram): number {
  return stamp === undefined ? 0 : wireBytes(stamp.statementBytes) + wireBytes(stamp.bytes.length);
}

/** Sums lengths up to a share of all. */
function counter(totalBytes: number, report: (share: number) => void): (lengthBytes: number) => void {
  let doneBytes = 0;
  return (lengthBytes) => {
    doneBytes += lengthBytes;
    report(doneBytes / totalBytes);
  };
}
