/**
 * Collects content by its signed root: from what is there already, from this machine, from sources. Spec:
 * docs/spec/14-exchange.md.
 *
 * Every chunk is verified before it is written, and again when a file from before is gone on with: so a kill at any moment loses
 * nothing but the chunks under way. Memory is bounded whatever the content's size. Does not choose the sources and does not
 * install.
 *
 * @module
 */
import { equalBytes } from '../../core/base/bytes.ts';
import { MAX_CHUNK_BYTES, MAX_PAGE_BYTES, type CollectLimits } from '../../core/base/limits.ts';
import { createManifestReader } from '../../core/content/manifest-reader.ts';
import type { Manifest } from '../../core/content/manifest.ts';
import { sha256 } from '../../core/crypto/hash.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Compression } from '../../ports/compression.ts';
import type { PartialFile } from '../../ports/partial.ts';
import type { ObjectKind, Source } from '../../ports/source.ts';
import { createCollectSources, type CollectSources } from './collect-sources.ts';
import { findHeldChunks } from './held-chunks.ts';
import { listMissingChunks, type MissingChunk, type MissingChunks } from './missing-chunks.ts';
import { checkLength, type OnBlame, type WantedObject } from './wanted-object.ts';

/**
 * An object of this machine, not encoded; undefined: not here. Need not be right: it is verified.
 *
 * @param memory that may be used for it: the result is valid until it is used again
 */
export type ReadLocal = (kind: ObjectKind, hash: Uint8Array, memory?: Uint8Array) => Promise<Uint8Array | undefined>;

export interface CollectOptions {
  /** 32 bytes, signed by the owner. */
  readonly root: Uint8Array;
  /** Of the content, signed by the owner. */
  readonly sizeBytes: number;
  /** Not closed here. */
  readonly sources: readonly Source[];
  /** Asked before any source. Default: nothing is here. */
  readonly local?: ReadLocal | undefined;
  /** As long as the content. Neither closed nor discarded here. */
  readonly partial: PartialFile;
  readonly compression: Compression;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Bytes of the content that are there and verified, after each step; and all of them. */
  readonly onProgress?: ((heldBytes: number, totalBytes: number) => void) | undefined;
  /** A source was dropped. */
  readonly onBlame?: OnBlame | undefined;
  /** A source gave something that was right: called each time. */
  readonly onGiven?: ((source: Source) => void) | undefined;
  /** When it is known already. */
  readonly manifest?: Manifest | undefined;
  readonly limits?: CollectLimits | undefined;
}

export interface CollectedContent {
  readonly manifest: Manifest;
  /** Bytes of chunks that were there from before. */
  readonly resumedBytes: number;
  /** Bytes of chunks copied from this machine. */
  readonly localBytes: number;
  /** Bytes of chunks that came from sources, not encoded. */
  readonly fetchedBytes: number;
}

/**
 * Resolves when every chunk is in `partial`.
 *
 * @throws PeerpatchError CONTENT_NOT_FOUND: what was verified is kept, another call goes on with it; CONTENT_MALFORMED: the
 *   owner's manifest is wrong; what `partial` throws; and the signal's reason
 * @throws RangeError when `partial` or `manifest` is of another content: a mistake of the caller
 */
export async function collectContent(options: CollectOptions): Promise<CollectedContent> {
  const { root, sizeBytes, partial, onProgress, signal } = options;
  if (partial.sizeBytes !== sizeBytes)
    throw new RangeError(`the file has ${partial.sizeBytes} bytes, not ${sizeBytes}`);
  const sources = createCollectSources({ ...options, onBlame: options.onBlame ?? (() => undefined) });
  const manifest = options.manifest ?? (await readManifest(options, sources));
  if (!equalBytes(manifest.root, root) || manifest.sizeBytes !== sizeBytes) {
    throw new RangeError('this is the manifest of another content');
  }
  let heldBytes = 0;
  const hold = (bytes: number): void => {
    heldBytes += bytes;
    onProgress?.(heldBytes, sizeBytes);
  };

  const held = await findHeldChunks({ manifest, partial, signal, onHeld: hold });
  const resumedBytes = heldBytes;
  const missing = listMissingChunks(manifest, held);
  const write = async (chunk: MissingChunk, bytes: Uint8Array): Promise<void> => {
    for (const offset of chunk.offsets) {
      await partial.write(offset, bytes);
      hold(bytes.length);
    }
  };
  await copyLocal(missing, options, write);
  const localBytes = heldBytes - resumedBytes;
  await sources.get(missing, write);
  return { manifest, resumedBytes, localBytes, fetchedBytes: heldBytes - resumedBytes - localBytes };
}

/**
 * The manifest alone.
 *
 * @throws PeerpatchError CONTENT_NOT_FOUND, CONTENT_MALFORMED, and the signal's reason
 */
export function collectManifest(options: Omit<CollectOptions, 'partial' | 'manifest'>): Promise<Manifest> {
  return readManifest(options, createCollectSources({ ...options, onBlame: options.onBlame ?? (() => undefined) }));
}

/** Level by level, from the root down. */
async function readManifest(
  { root, sizeBytes, local }: Pick<CollectOptions, 'root' | 'sizeBytes' | 'local'>,
  sources: CollectSources,
): Promise<Manifest> {
  const reader = createManifestReader(root, sizeBytes);
  for (;;) {
    const wanted: WantedObject[] = [];
    let isLooking = false;
    for (const hash of reader.wanted) {
      const bytes = await local?.('page', hash);
      if (bytes === undefined || !equalBytes(sha256(bytes), hash)) {
        wanted.push({ kind: 'page', hash, maxBytes: MAX_PAGE_BYTES });
        continue;
      }
      reader.add(hash, bytes);
      isLooking = true;
    }
    if (reader.manifest !== undefined) return reader.manifest;
    if (isLooking) continue; // the pages it lists may be here as well
    await sources.get(wanted, ({ hash }, bytes) => {
      // It has its hash: what is wrong with it is the owner's doing, and no other source can help.
      reader.add(hash, bytes);
      return Promise.resolve();
    });
  }
}

/** Chunks copied at once: reading, hashing and writing go on beside each other. */
const LOCAL_COPIES = 4;

/** What it finds is missing no more. */
async function copyLocal(
  missing: MissingChunks,
  { local, signal }: CollectOptions,
  write: (chunk: MissingChunk, bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  if (local === undefined) return;
  const chunks = missing[Symbol.iterator]();
  let isFailed = false;
  const copy = async (): Promise<void> => {
    const memory = new Uint8Array(MAX_CHUNK_BYTES);
    for (let next = chunks.next(); next.done !== true && !isFailed; next = chunks.next()) {
      signal.throwIfAborted();
      const bytes = await local('chunk', next.value.hash, memory);
      if (bytes === undefined || !equalBytes(sha256(bytes), next.value.hash)) continue;
      checkLength(next.value, bytes); // a longer one would be written over its neighbour
      await write(next.value, bytes);
      missing.remove(next.value);
    }
  };
  const copies = Array.from({ length: LOCAL_COPIES }, () =>
    copy().catch((error: unknown) => {
      isFailed = true;
      throw error;
    }),
  );
  const failed = (await Promise.allSettled(copies)).find((copied) => copied.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
