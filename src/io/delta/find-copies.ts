/**
 * Finds what of a new program an old one has, on several threads. The result does not depend on their number.
 *
 * @module
 */
import { availableParallelism } from 'node:os';
import { bucketsOf, emptyIndex, sumPlaces, type BlockIndex, type BucketRange } from '../../core/delta/block-index.ts';
import { createCopyList, joinCopies, type CopyList } from '../../core/delta/copies.ts';
import { orAbort } from '../../core/base/abort.ts';
import { PeerpatchError } from '../../core/base/errors.ts';
import type { MatchTask } from './match-task.ts';
import { startMatchThreads, type MatchThread } from './match-threads.ts';

export interface FindCopiesOptions {
  /** The old program, in shared memory. */
  readonly base: Uint8Array;
  /** The new one, in shared memory. */
  readonly result: Uint8Array;
  /** Called with the share that is done: from 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Part of the new program that one task looks at. */
export const SEGMENT_BYTES: number = 4 * 1024 ** 2;
const MAX_THREADS = 8;
/** Below it, starting threads takes longer than the search. */
const SMALL_BYTES: number = 2 * 1024 ** 2;

/** @throws PeerpatchError OPTION_INVALID when the index does not fit into memory; the signal's reason */
export async function findCopies({ base, result, onProgress, signal }: FindCopiesOptions): Promise<CopyList> {
  const index = allocateIndex(base.length);
  const isSmall = base.length + result.length < SMALL_BYTES;
  const threads = startMatchThreads(
    { base, result, index },
    isSmall ? 0 : Math.min(MAX_THREADS, availableParallelism()),
  );
  try {
    await orAbort(fillIndex(index, threads), signal);
    onProgress?.(0.3);
    const tasks = segmentsOf(result.length);
    const found = await orAbort(
      carryOutAll(threads, tasks, (done) => {
        onProgress?.(0.3 + (0.7 * done) / tasks.length);
      }),
      signal,
    );
    return joinCopies(found.map((numbers) => createCopyList(numbers)));
  } finally {
    await Promise.all(threads.map((thread) => thread.close()));
  }
}

/** Two thirds of the old program more, where both programs may just have found room. */
function allocateIndex(baseBytes: number): BlockIndex {
  try {
    return emptyIndex(baseBytes);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const message = `the index of an old program of ${baseBytes} bytes does not fit into memory: make the delta on a larger machine, or none`;
    throw new PeerpatchError('OPTION_INVALID', message, { cause });
  }
}

async function fillIndex(index: BlockIndex, threads: readonly MatchThread[]): Promise<void> {
  const ranges = threads.map((_thread, part): BucketRange => {
    const border = (number: number): number => Math.floor((bucketsOf(index) * number) / threads.length);
    return { from: border(part), to: border(part + 1) };
  });
  await carryOutAll(
    threads,
    ranges.map((buckets) => ({ kind: 'count', buckets })),
  );
  sumPlaces(index);
  await carryOutAll(
    threads,
    ranges.map((buckets) => ({ kind: 'enter', buckets })),
  );
}

function segmentsOf(sizeBytes: number): MatchTask[] {
  return Array.from({ length: Math.ceil(sizeBytes / SEGMENT_BYTES) }, (_, number) => {
    const from = number * SEGMENT_BYTES;
    return { kind: 'match', from, to: Math.min(sizeBytes, from + SEGMENT_BYTES) };
  });
}

/** Each thread takes the next task as soon as it is free. The answers, in the order of the tasks. */
async function carryOutAll(
  threads: readonly MatchThread[],
  tasks: readonly MatchTask[],
  onDone?: (done: number) => void,
): Promise<Float64Array[]> {
  const answers: Float64Array[] = [];
  let next = 0;
  let done = 0;
  const work = async (thread: MatchThread): Promise<void> => {
    for (let number = next++; ; number = next++) {
      const task = tasks[number];
      if (task === undefined) return;
      answers[number] = await thread.carryOut(task);
      onDone?.(++done);
    }
  };
  await Promise.all(threads.map(work));
  return answers;
}
