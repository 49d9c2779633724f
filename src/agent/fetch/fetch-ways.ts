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
import type { Manifest } from '../../core/content/manifest.ts';
import type { PlannedWay } from '../../core/content/plan.ts';
import type { AcceptedRelease } from '../../core/release/accept.ts';
import { zeroStamp } from '../../core/stamp/canonical.ts';
import type { ProgramFormat } from '../../core/stamp/format.ts';
import { regionVersion } from '../../core/statement/app-version.ts';
import type { SignedStatement } from '../../core/statement/statement.ts';
import type { Announcement } from '../../core/record/open.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Compression } from '../../ports/compression.ts';
import type { DeltaStore } from '../../ports/deltas.ts';
import type { Network } from '../../ports/network.ts';
import type { OpenProgram, ProgramStore } from '../../ports/program.ts';
import { applyDelta } from '../delta/apply-delta.ts';
import type { FetchedProgram } from '../candidate.ts';
import { collectContent, type CollectedContent, type CollectOptions, type ReadLocal } from '../collect/collect.ts';
import { fetchRelease } from './fetch.ts';
import { measureImage } from '../measure-image.ts';
import type { FetchedStamp } from './fetch-stamp.ts';
import { acceptCollected, createProgramWriter, type ProgramParts } from './program-writer.ts';
import type { StatedSources } from './stated-sources.ts';

export interface WayOptions {
  readonly statement: SignedStatement;
  readonly stamp: FetchedStamp;
  /** The statement of the program in place; undefined for a first install. */
  readonly base: SignedStatement | undefined;
  readonly above: string | undefined;
  readonly format: ProgramFormat;
  readonly sources: StatedSources;
  /** For the whole file. */
  readonly peers: readonly Announcement[];
  /** Pages and chunks of this node's own content. */
  readonly local: ReadLocal;
  /** Of the release, when it was read for the plan. */
  readonly manifest: Manifest | undefined;
  readonly network: Network;
  readonly store: ProgramStore;
  readonly deltas: DeltaStore;
  readonly compression: Compression;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: (heldBytes: number, totalBytes: number) => void;
}

export type WayResult = Pick<FetchedProgram, 'staged' | 'release'> & { readonly wholeBytes?: number };

/** @throws PeerpatchError CONTENT_*, DELTA_MALFORMED, RELEASE_*, STAMP_*, PEER_*, INSTALL_*, and the signal's reason */
export function goWay(way: PlannedWay, options: WayOptions): Promise<WayResult> {
  switch (way.kind) {
    case 'delta':
      return byDelta(way, options);
    case 'chunks':
      return byChunks(options);
    case 'whole':
      return asWhole(options);
  }
}

async function byDelta(
  { root, sizeBytes }: Extract<PlannedWay, { kind: 'delta' }>,
  options: WayOptions,
): Promise<WayResult> {
  const { statement, base: from, store, compression, signal } = options;
  if (from === undefined) throw new RangeError('a delta is planned only where there is a program');
  const read = (await openVerified(root, sizeBytes, options)) ?? (await collectDelta(root, sizeBytes, options));
  try {
    const base = await store.open();
    try {
      return await stage(options, async (parts) => {
        const writer = createProgramWriter(parts);
        await applyDelta({
          base: canonicalBase(base, from.stampOffset),
          delta: read.read(),
          compression,
          baseSizeBytes: from.sizeBytes,
          resultSizeBytes: statement.sizeBytes,
          write: (bytes) => writer.write(bytes),
          signal,
        });
        return writer.accept();
      });
    } finally {
      await base.close();
    }
  } finally {
    await read.close();
  }
}

/** A delta that is here already: put beside the program by its owner, or kept from an update that was not finished. */
async function openVerified(
  root: Uint8Array,
  sizeBytes: number,
  { deltas, signal }: WayOptions,
): Promise<OpenProgram | undefined> {
  const delta = await deltas.open(root, sizeBytes);
  if (delta === undefined) return undefined;
  let isRight = false;
  try {
    isRight = equalBytes((await measureImage(delta, undefined, { signal })).root, root);
    return isRight ? delta : undefined;
  } finally {
    if (!isRight) await delta.close();
  }
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
function canonicalBase(base: OpenProgram, stampOffset: number) {
  return {
    sizeBytes: base.sizeBytes,
    read: async (offset: number, length: number): Promise<Uint8Array> => {
      const bytes = await base.readAt(offset, length);
      zeroStamp(bytes, offset, stampOffset);
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
  const onBlame: CollectOptions['onBlame'] = (source, error) => {
    sources.drop(source, error);
  };
  return collectContent({ ...content, sources: sources.alive, compression, clock, signal, onProgress, onBlame });
}

/**
 * Fills the file that is to become the program. One that turns out wrong is removed, an unfinished one stays, and so does one in
 * which only the stamp is wrong: a RELEASE_MISMATCH behind verified content.
 */
async function stage(options: WayOptions, fill: (parts: ProgramParts) => Promise<AcceptedRelease>): Promise<WayResult> {
  const { statement, store, stamp } = options;
  const partial = await store.resume(toHex(statement.root), statement.sizeBytes);
  try {
    return { staged: partial, release: await fill({ ...options, stamp: stamp.bytes, partial }) };
  } catch (error) {
    const isWrong =
      isPeerpatchError(error) && /^(RELEASE|STAMP|DELTA)_/.test(error.code) && error.code !== 'RELEASE_MISMATCH';
    // What went wrong counts, not a leftover file: it is swept later.
    await (isWrong ? partial.discard() : partial.close()).catch(() => undefined);
    throw error;
  }
}

/** From a peer that announced exactly this file. */
async function asWhole(options: WayOptions): Promise<WayResult> {
  const { statement, stamp, peers, above, clock, network, store, format, signal, onProgress } = options;
  let failure: PeerpatchError | undefined;
  for (const { release, peer } of peers) {
    if (!equalBytes(release.hash, stamp.release.hash)) continue;
    try {
      const { receivedBytes, ...fetched } = await fetchRelease({
        network,
        store,
        clock,
        owner: statement.owner,
        release: stamp.release,
        statement,
        above: above === undefined ? undefined : regionVersion(above),
        format,
        peer,
        signal,
        onProgress,
      });
      return { ...fetched, wholeBytes: receivedBytes };
    } catch (error) {
      signal.throwIfAborted();
      if (!isPeerpatchError(error)) throw error;
      failure = error;
    }
  }
  throw failure ?? new PeerpatchError('CONTENT_NOT_FOUND', 'no peer announces the whole file of this release');
}
