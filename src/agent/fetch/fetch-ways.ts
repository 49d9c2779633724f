/**
 * The three ways to a stated release: a delta, the chunks that are missing, the whole file. Spec: docs/spec/14-exchange.md.
 *
 * Each leaves a file that passed the gate, or throws: then what was verified stays for the next attempt, what was not is
 * removed. Which way is gone is not decided here.
 *
 * @module
 */
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { equalBytes } from '../../core/base/bytes.ts';
import { toHex } from '../../core/base/hex.ts';
import { zeroPlaces } from '../../core/codesign/image.ts';
import { createContentMeasure } from '../../core/content/measure-content.ts';
import type { PlannedWay } from '../../core/content/plan.ts';
import type { AcceptedRelease } from '../../core/release/accept.ts';
import type { OpenProgram } from '../../ports/program.ts';
import { applyDelta } from '../delta/apply-delta.ts';
import { MAX_BASE_READ_BYTES, type DeltaBase } from '../delta/base-pages.ts';
import { collectContent, type CollectedContent, type CollectOptions } from '../collect/collect.ts';
import { imagePlaces } from '../image-places.ts';
import { fetchWhole } from './fetch-whole.ts';
import { openHeldDelta } from './held-delta.ts';
import type { WayOptions, WayResult } from './way.ts';
import { acceptCollected, anotherProgram, createProgramWriter, type ProgramParts } from './program-writer.ts';

/** @throws PeerpatchError CONTENT_*, DELTA_MALFORMED, RELEASE_*, STAMP_*, PEER_*, INSTALL_*, and the signal's reason */
export function goWay(way: PlannedWay, options: WayOptions): Promise<WayResult> {
  switch (way.kind) {
    case 'delta':
      return byDelta(way, options).catch(asOtherWayHelps);
    case 'chunks':
      return byChunks(options);
    case 'whole':
      return fetchWhole(options);
  }
}

/** Only a delta has to read all of the old program: one with a bad sector is mended by a way that does not. */
function asOtherWayHelps(error: unknown): never {
  if (!isPeerpatchError(error, 'PROGRAM_UNREADABLE')) throw error;
  throw new PeerpatchError('CONTENT_NOT_FOUND', `the delta is of no use here: ${error.message}`, { cause: error });
}

async function byDelta(
  { root, sizeBytes }: Extract<PlannedWay, { kind: 'delta' }>,
  options: WayOptions,
): Promise<WayResult> {
  const { statement, base: from, store, compression, signal } = options;
  if (from === undefined) throw new RangeError('a delta is planned only where there is a program');
  const read = (await openHeldDelta({ root, sizeBytes }, options)) ?? (await collectDelta(root, sizeBytes, options));
  try {
    const base = await store.open();
    try {
      const apply = async (write: (bytes: Uint8Array) => Promise<void>): Promise<void> =>
        applyDelta({
          base: await canonicalBase(base, from.stampOffset),
          delta: read.read(),
          compression,
          baseSizeBytes: from.sizeBytes,
          resultSizeBytes: statement.sizeBytes,
          write,
          signal,
        });
      return await stage(options, async (parts) => {
        // What is there in part was verified. A delta proves nothing before its end, so until then it writes over none of it.
        if (!parts.partial.isNew) await checkResult(statement, apply);
        const writer = createProgramWriter(parts);
        await apply((bytes) => writer.write(bytes));
        return writer.accept();
      });
    } finally {
      await base.close();
    }
  } finally {
    await read.close();
  }
}

/** Applies a delta and keeps nothing. @throws PeerpatchError DELTA_MALFORMED when it does not make the stated image */
async function checkResult(
  { root }: WayOptions['statement'],
  apply: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  const content = createContentMeasure('image');
  await apply((bytes) => {
    content.update(bytes);
    return Promise.resolve();
  });
  if (!equalBytes(content.finish().root, root)) throw anotherProgram();
}

async function collectDelta(root: Uint8Array, sizeBytes: number, options: WayOptions): Promise<OpenProgram> {
  const { deltas } = options;
  const partial = await deltas.partial(root, sizeBytes);
  try {
    await collect(options, { root, sizeBytes, partial });
  } finally {
    await partial.close();
  }
  const kept = await deltas.keep(root);
  if (kept !== undefined) return kept;
  throw new PeerpatchError('CONTENT_NOT_FOUND', 'this machine has no place to keep the delta: see the error before');
}

/** What the delta copies from. Whether it is the right program shows in the result. */
async function canonicalBase(base: OpenProgram, stampOffset: number): Promise<DeltaBase> {
  const places = await imagePlaces(base, stampOffset);
  // One for all reads: what is read is copied before the next one.
  const memory = new Uint8Array(Math.min(MAX_BASE_READ_BYTES, base.sizeBytes));
  return {
    sizeBytes: base.sizeBytes,
    read: async (offset: number, length: number): Promise<Uint8Array> => {
      const bytes = await base.readAt(offset, length, memory);
      zeroPlaces(bytes, offset, places);
      return bytes;
    },
  };
}

function byChunks(options: WayOptions): Promise<WayResult> {
  const { statement, local, manifest } = options;
  return stage(options, async (parts) => {
    const { root, sizeBytes } = statement;
    await collect(options, { root, sizeBytes, partial: parts.partial, local, manifest });
    return acceptCollected(parts);
  });
}

function collect(
  options: WayOptions,
  content: Pick<CollectOptions, 'root' | 'sizeBytes' | 'partial' | 'local' | 'manifest'>,
): Promise<CollectedContent> {
  const { sources, compression, clock, signal, onProgress } = options;
  return collectContent({
    ...content,
    sources: sources.alive,
    compression,
    clock,
    signal,
    onProgress: (heldBytes, totalBytes) => {
      onProgress(heldBytes, totalBytes, sources.givers.join(', '));
    },
    onBlame: (source, error) => {
      sources.drop(source, error);
    },
    onGiven: (source) => {
      sources.noteGiven(source);
    },
  });
}

/**
 * Fills the file that is to become the program. One that turns out wrong is removed, an unfinished one stays, and so do one in
 * which only the stamp is wrong (a RELEASE_MISMATCH behind verified content) and one that was there before a delta that is wrong.
 */
async function stage(options: WayOptions, fill: (parts: ProgramParts) => Promise<AcceptedRelease>): Promise<WayResult> {
  const { statement, store, stamp } = options;
  if (stamp === undefined) throw new RangeError('without a stamp there is only the whole file');
  const partial = await store.resume(toHex(statement.root), statement.sizeBytes);
  try {
    return { staged: partial, release: await fill({ ...options, stamp: stamp.bytes, partial }) };
  } catch (error) {
    const isWrong =
      isPeerpatchError(error) &&
      /^(RELEASE|STAMP|DELTA|CODE_SIGNATURE)_/.test(error.code) &&
      error.code !== 'RELEASE_MISMATCH' &&
      (error.code !== 'DELTA_MALFORMED' || partial.isNew);
    // What went wrong counts, not a leftover file: it is swept later.
    await (isWrong ? partial.discard() : partial.close()).catch(() => undefined);
    throw error;
  }
}
