/**
 * Fetches one stated release: its stamp, then the program by the cheapest way, then by the next one. Spec:
 * docs/spec/14-exchange.md.
 *
 * Everything is compared with the statement, whose signature was verified before. Neither decides whether this node may take the
 * release nor installs it.
 *
 * @module
 */
import { PeerpatchError, isPeerpatchError } from '../../core/base/errors.ts';
import { equalBytes } from '../../core/base/bytes.ts';
import { toHex } from '../../core/base/hex.ts';
import { planFetch, shouldReadManifest, type KnownContent, type PlannedWay } from '../../core/content/plan.ts';
import type { Manifest } from '../../core/content/manifest.ts';
import { isOwnFailure, type FetchedProgram } from '../candidate.ts';
import { collectManifest } from '../collect/collect.ts';
import { errorEvent, type EmitEvent } from '../events.ts';
import { fetchStamp, type FetchedStamp } from './fetch-stamp.ts';
import { goWay } from './fetch-ways.ts';
import type { WayOptions, WayResult } from './way.ts';
import { releaseName } from '../release-name.ts';
import type { OnBlame } from '../collect/wanted-object.ts';

export interface FetchStatedOptions extends Omit<WayOptions, 'stamp' | 'manifest'> {
  readonly emit: EmitEvent;
  /** Whether this node's own content has the chunk. */
  readonly hasLocal: (hash: Uint8Array) => Promise<boolean>;
}

/**
 * The sources stay open.
 *
 * @throws PeerpatchError CONTENT_NOT_FOUND and what the last way failed with, INSTALL_*, and the signal's reason
 */
export async function fetchStated(options: FetchStatedOptions): Promise<FetchedProgram> {
  const { statement, sources, signal, emit } = options;
  let stamp = await fetchStampOrNone(options);
  const { ways, manifest } = await plan(options, stamp !== undefined);
  /** Whether a region belongs to this file shows when the file is here: one that does not is its sender's fault. */
  const go = async (way: PlannedWay): Promise<WayResult> => {
    for (;;) {
      try {
        return await goWay(way, { ...options, stamp, manifest });
      } catch (error) {
        if (way.kind === 'whole' || stamp === undefined || !isPeerpatchError(error, 'RELEASE_MISMATCH')) throw error;
        sources.drop(stamp.source, error);
        stamp = await fetchStamp(options);
      }
    }
  };
  let failure: PeerpatchError | undefined;
  for (const way of ways) {
    emit({ type: 'planned', version: statement.version, way: way.kind, expectedBytes: way.expectedBytes });
    try {
      const { whole, ...fetched } = await go(way);
      const givers = new Set([...sources.givers, ...(whole === undefined ? [] : [whole.from])]);
      return {
        ...fetched,
        name: releaseName({ release: fetched.release, statement }),
        receivedBytes: sources.receivedBytes + (whole?.receivedBytes ?? 0),
        from: [...givers].join(', '),
      };
    } catch (error) {
      signal.throwIfAborted();
      if (!isPeerpatchError(error) || isOwnFailure(error)) throw error;
      if (failure !== undefined) emit(errorEvent('fetch', failure));
      failure = error;
    }
  }
  throw failure ?? new PeerpatchError('CONTENT_NOT_FOUND', `there is no way to release ${statement.version}`);
}

/** The whole file brings its stamp along: only there nobody need have it apart. @throws PeerpatchError as `fetchStamp` */
async function fetchStampOrNone(options: FetchStatedOptions): Promise<FetchedStamp | undefined> {
  try {
    return await fetchStamp(options);
  } catch (error) {
    if (options.statement.speaksV0 && isPeerpatchError(error, 'CONTENT_NOT_FOUND')) return undefined;
    throw error;
  }
}

interface Plan {
  readonly ways: readonly PlannedWay[];
  /** When it was read for the plan. */
  readonly manifest: Manifest | undefined;
}

async function plan(options: FetchStatedOptions, hasStamp: boolean): Promise<Plan> {
  const { statement, base, hasLocal } = options;
  const { sizeBytes, speaksV0 } = statement;
  const deltas = statement.deltas.filter(({ fromRoot }) => base !== undefined && equalBytes(fromRoot, base.root));
  const known: KnownContent = { sizeBytes, deltas, speaksV0 };
  if (!hasStamp) return { ways: planFetch(known).filter(({ kind }) => kind === 'whole'), manifest: undefined };
  if (!shouldReadManifest(known)) return { ways: planFetch(known), manifest: undefined };
  const manifest = await readManifest(options);
  // The other ways need none.
  if (manifest === undefined) return { ways: planFetch(known), manifest };
  const missing = { chunkBytes: await missingBytes(manifest, hasLocal), pageBytes: 0 };
  return { ways: planFetch({ ...known, missing }), manifest };
}

/** Undefined when no source has it. */
async function readManifest(options: FetchStatedOptions): Promise<Manifest | undefined> {
  const { statement, sources } = options;
  const { root, sizeBytes } = statement;
  const onBlame: OnBlame = (source, error) => {
    sources.drop(source, error);
  };
  try {
    return await collectManifest({
      ...options,
      root,
      sizeBytes,
      sources: sources.alive,
      onBlame,
      onProgress: undefined,
    });
  } catch (error) {
    if (isPeerpatchError(error, 'CONTENT_NOT_FOUND', 'CONTENT_MALFORMED')) return undefined;
    throw error;
  }
}

/** Bytes of the chunks that are not here, each counted once. */
async function missingBytes(manifest: Manifest, hasLocal: FetchStatedOptions['hasLocal']): Promise<number> {
  const seen = new Set<string>();
  let missing = 0;
  for (let index = 0; index < manifest.count; index++) {
    const hash = manifest.hashAt(index);
    const key = toHex(hash);
    if (seen.has(key)) continue;
    seen.add(key);
    if (!(await hasLocal(hash))) missing += manifest.lengthAt(index);
  }
  return missing;
}
