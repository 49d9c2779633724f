/**
 * Plans the ways to one stated release by what is here already: chunks of the program in place, chunks of a download that was
 * cut short, a delta from what runs. Spec: docs/spec/12-content.md.
 *
 * Reads the manifest where the plan needs it. Fetches nothing else, and changes no byte of what is here.
 *
 * @module
 */
import { isPeerpatchError } from '../../core/base/errors.ts';
import { equalBytes } from '../../core/base/bytes.ts';
import { toHex } from '../../core/base/hex.ts';
import type { Manifest } from '../../core/content/manifest.ts';
import {
  planFetch,
  shouldReadManifest,
  type KnownContent,
  type KnownDelta,
  type PlannedWay,
} from '../../core/content/plan.ts';
import { collectManifest } from '../collect/collect.ts';
import { findHeldChunks } from '../collect/held-chunks.ts';
import type { OnBlame } from '../collect/wanted-object.ts';
import type { PartialProgram } from '../../ports/program.ts';
import { openHeldDelta } from './held-delta.ts';
import type { WayOptions } from './way.ts';

export interface PlanOptions extends Omit<WayOptions, 'stamp' | 'manifest'> {
  /** Whether this node's own content has the chunk. */
  readonly hasLocal: (hash: Uint8Array) => Promise<boolean>;
}

export interface Plan {
  /** In the order to go them. */
  readonly ways: readonly PlannedWay[];
  /** When it was read for the plan. */
  readonly manifest: Manifest | undefined;
}

/** @throws PeerpatchError INSTALL_*, and the signal's reason */
export async function planStated(options: PlanOptions, hasStamp: boolean): Promise<Plan> {
  const { statement, base, store } = options;
  const { sizeBytes, speaksV0 } = statement;
  if (!hasStamp) {
    const ways = planFetch({ sizeBytes, deltas: [], speaksV0 }).filter(({ kind }) => kind === 'whole');
    return { ways, manifest: undefined };
  }
  const deltas: KnownDelta[] = [];
  for (const delta of statement.deltas) {
    if (base === undefined || !equalBytes(delta.fromRoot, base.root)) continue;
    deltas.push({ ...delta, isHere: await isHere(delta, options) });
  }
  const known: KnownContent = { sizeBytes, deltas, speaksV0 };
  const partial = await store.resume(toHex(statement.root), sizeBytes);
  try {
    if (!shouldReadManifest({ ...known, isBegun: !partial.isNew }))
      return { ways: planFetch(known), manifest: undefined };
    const manifest = await readManifest(options);
    // The other ways need none.
    if (manifest === undefined) return { ways: planFetch(known), manifest };
    const missing = { chunkBytes: await missingBytes(manifest, partial, options), pageBytes: 0 };
    return { ways: planFetch({ ...known, missing }), manifest };
  } finally {
    await (partial.isNew ? partial.discard() : partial.close());
  }
}

/** What cannot be read is not: the way by this delta tells of it. */
async function isHere(delta: KnownDelta, options: PlanOptions): Promise<boolean> {
  try {
    const held = await openHeldDelta(delta, options);
    await held?.close();
    return held !== undefined;
  } catch (error) {
    if (isPeerpatchError(error, 'MEMORY_UNUSABLE')) return false;
    throw error;
  }
}

/** Undefined when no source has it. */
async function readManifest(options: PlanOptions): Promise<Manifest | undefined> {
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
      onGiven: (source) => {
        sources.noteGiven(source);
      },
      onProgress: undefined,
    });
  } catch (error) {
    if (isPeerpatchError(error, 'CONTENT_NOT_FOUND', 'CONTENT_MALFORMED')) return undefined;
    throw error;
  }
}

/** Bytes of the chunks that are neither in the partial file nor in this node's own content, each counted once. */
async function missingBytes(
  manifest: Manifest,
  partial: PartialProgram,
  { hasLocal, signal }: PlanOptions,
): Promise<number> {
  const held = await findHeldChunks({ manifest, partial, signal, onHeld: () => undefined });
  const seen = new Set<string>();
  let missing = 0;
  for (let index = 0; index < manifest.count; index++) {
    if (held[index] === 1) continue;
    const hash = manifest.hashAt(index);
    const key = toHex(hash);
    if (seen.has(key)) continue;
    seen.add(key);
    if (!(await hasLocal(hash))) missing += manifest.lengthAt(index);
  }
  return missing;
}
