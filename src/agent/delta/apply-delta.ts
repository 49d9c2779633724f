/**
 * Makes a new program from an old one and a delta. Spec: docs/spec/13-delta.md.
 *
 * Memory and time are bounded whatever the delta says: one block and the next are in memory, a step of the result and the
 * next, and some pages of the base. Nobody but the caller knows whether the result is right: it compares it with what the
 * owner signed.
 *
 * @module
 */
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { readBlock, type DeltaPosition } from '../../core/delta/block.ts';
import {
  createDeltaReader,
  malformedDelta,
  type DeltaSizes,
  type PackedBlock,
  type TakeMemory,
} from '../../core/delta/format.ts';
import type { Compression } from '../../ports/compression.ts';
import { createBasePages, type BasePages, type DeltaBase } from './base-pages.ts';
import { STEP_BYTES, stepsOf, type DeltaStep } from './delta-steps.ts';

export interface ApplyDeltaOptions extends DeltaSizes {
  readonly base: DeltaBase;
  /** The delta in pieces of any length. */
  readonly delta: AsyncIterable<Uint8Array>;
  readonly compression: Compression;
  /** What the delta must say its base is long. */
  readonly baseSizeBytes: number;
  /** What the delta must say its result is long. */
  readonly resultSizeBytes: number;
  /** Gets the result in order. The bytes are valid until the promise resolves: their memory is used again. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/** @throws PeerpatchError DELTA_MALFORMED, CANCELLED, and what `base`, `delta` and `write` throw */
export async function applyDelta(options: ApplyDeltaOptions): Promise<void> {
  const { base, baseSizeBytes, resultSizeBytes, write, signal } = options;
  if (base.sizeBytes !== baseSizeBytes) throw malformedDelta(`the old program has ${base.sizeBytes} bytes`);
  const position: DeltaPosition = { resultAt: 0, baseAt: 0 };
  const pages = createBasePages(base, resultSizeBytes);
  const output = createOutput(write);
  try {
    for await (const block of unpackedBlocks(options)) {
      const reader = readBlock({ block, position, baseSizeBytes, resultSizeBytes });
      for await (const step of loadedSteps(stepsOf(reader), pages)) {
        if (signal?.aborted === true) throw cancelled(signal);
        await output.put(step.sizeBytes, (target) => {
          step.make(target, pages);
        });
      }
      reader.end();
    }
    await output.written();
    if (signal?.aborted === true) throw cancelled(signal);
  } finally {
    await output.written().catch(() => undefined); // the first failure counts; the buffers must not be in use any more
  }
  if (position.resultAt === resultSizeBytes) return;
  throw malformedDelta(`it ends after ${position.resultAt} of ${resultSizeBytes} bytes`);
}

function cancelled(signal: AbortSignal): PeerpatchError {
  const cause: unknown = signal.reason;
  return new PeerpatchError('CANCELLED', 'applying the delta was stopped; nothing of it was kept', { cause });
}

/** The blocks, each unpacked while the one before it is used. */
async function* unpackedBlocks(options: ApplyDeltaOptions): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = createDeltaReader(options, memoryInTurn());
  let ahead: Promise<Uint8Array> | undefined;
  for await (const piece of options.delta) {
    reader.add(piece);
    for (let packed = reader.next(); packed !== undefined; packed = reader.next()) {
      const next = unpack(packed, options.compression);
      next.catch(() => undefined); // looked at one round later; a failure in between is still found there
      if (ahead !== undefined) yield await ahead;
      ahead = next;
    }
  }
  reader.end();
  if (ahead !== undefined) yield await ahead;
}

/**
 * Two take turns: when a block is read from the delta, only the one before it is still in use. Memory of its own for each would
 * lie about until the collector comes, which can be after 64 MB.
 */
function memoryInTurn(): TakeMemory {
  let [current, other] = [new Uint8Array(0), new Uint8Array(0)];
  return (length) => {
    [current, other] = [other, current];
    if (current.length < length) current = new Uint8Array(length);
    return current.subarray(0, length);
  };
}

async function unpack({ sizeBytes, packed }: PackedBlock, compression: Compression): Promise<Uint8Array> {
  if (packed.length === sizeBytes) return packed;
  const block = await compression.decompress(packed, sizeBytes).catch((cause: unknown) => {
    if (isPeerpatchError(cause, 'CONTENT_MALFORMED')) throw malformedDelta('a block does not unpack', { cause });
    throw cause;
  });
  if (block.length !== sizeBytes) throw malformedDelta(`a block has ${block.length} bytes, not ${sizeBytes}`);
  return block;
}

/** The steps, the pages of each loaded while the one before it is made. */
async function* loadedSteps(steps: Iterable<DeltaStep>, pages: BasePages): AsyncGenerator<DeltaStep, void, undefined> {
  let ahead: { readonly step: DeltaStep; readonly loading: Promise<void> } | undefined;
  try {
    for (const step of steps) {
      await ahead?.loading;
      const loading = pages.load(step.pages);
      loading.catch(() => undefined); // looked at one round later
      const ready = ahead?.step;
      ahead = { step, loading };
      if (ready !== undefined) yield ready;
    }
    await ahead?.loading;
    if (ahead !== undefined) yield ahead.step;
  } finally {
    await ahead?.loading.catch(() => undefined); // no read may go on behind the caller's back
  }
}

interface Output {
  /** Lets `make` fill the next bytes of the result while those before are written. */
  put(length: number, make: (target: Uint8Array) => void): Promise<void>;
  /** Resolves when everything was written. */
  written(): Promise<void>;
}

/** Two buffers take turns: one is written while the other is filled. */
function createOutput(write: (bytes: Uint8Array) => Promise<void>): Output {
  let [current, other] = [new Uint8Array(STEP_BYTES), new Uint8Array(STEP_BYTES)];
  let writing: Promise<void> = Promise.resolve();
  return {
    put: async (length, make) => {
      const target = current.subarray(0, length);
      make(target);
      [current, other] = [other, current];
      await writing;
      writing = write(target);
      writing.catch(() => undefined); // looked at one round later
    },
    written: () => writing,
  };
}
