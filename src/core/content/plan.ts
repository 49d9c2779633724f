/**
 * Which way to a release costs the fewest bytes: a delta, missing chunks, or the whole file. Spec: docs/spec/12-content.md.
 *
 * A pure decision from what is known. Takes no step itself: the first way that fails is followed by the next one.
 *
 * @module
 */
import { MAX_CHUNK_BYTES } from '../base/limits.ts';

export interface KnownDelta {
  readonly sizeBytes: number;
  /** 32 bytes: the delta's own root. */
  readonly root: Uint8Array;
  /** It is on this machine, and need not be fetched. Default no. */
  readonly isHere?: boolean | undefined;
}

/** What a node knows before it fetches. */
export interface KnownContent {
  /** Of the canonical image, as signed. */
  readonly sizeBytes: number;
  /** The deltas that lead from what is here to the release; none when there is none for it. */
  readonly deltas: readonly KnownDelta[];
  /** Once the manifest was read: bytes of the chunks that are not here, and of the pages still to get. */
  readonly missing?: { readonly chunkBytes: number; readonly pageBytes: number } | undefined;
  /** Whether a part of it may be here, in a file that an earlier attempt left. Default no. */
  readonly isBegun?: boolean | undefined;
  /** Whether the whole file can be had from a v0 peer. */
  readonly speaksV0: boolean;
  /** What chunks shrink to on the wire. Default 0.33: published executables at brotli 5. */
  readonly compressionRatio?: number | undefined;
}

export type PlannedWay =
  | { readonly kind: 'delta'; readonly expectedBytes: number; readonly sizeBytes: number; readonly root: Uint8Array }
  | { readonly kind: 'chunks'; readonly expectedBytes: number }
  /** As one file, uncompressed: docs/spec/09-transfer.md. */
  | { readonly kind: 'whole'; readonly expectedBytes: number };

const COMPRESSION_RATIO = 0.33;
/** A delta below this share of the content is taken at once: the manifest alone would cost a tenth of a percent. */
const SMALL_DELTA_SHARE = 0.02;
/** Bytes of manifest for a byte of a program: 36 for a chunk of about 37 KiB, and the levels above. */
const MANIFEST_SHARE = 1 / 1000;
/** For a chunk of a delta: 36, and less than one for levels. Most deltas have few chunks, so that a share would be wrong. */
const DELTA_CHUNK_ENTRY_BYTES = 37;
/** Level, length and hash of the one page that a small program has. */
const SMALLEST_MANIFEST_BYTES = 37;

/**
 * Whether the manifest should be read before a way is chosen: without it chunks cannot be compared with a large delta, nor with a
 * small one where few of them may be missing. Where a delta is here, nothing needs to be fetched at all.
 */
export function shouldReadManifest({ sizeBytes, deltas, missing, isBegun = false }: KnownContent): boolean {
  const share = isBegun ? MANIFEST_SHARE : SMALL_DELTA_SHARE;
  return missing === undefined && !deltas.some((delta) => costOf(delta) <= sizeBytes * share);
}

/**
 * The ways to the release, the cheapest first; at equal cost a delta before chunks before the whole file.
 *
 * Chunks count at their upper bound, everything, until the manifest was read.
 */
export function planFetch(known: KnownContent): readonly PlannedWay[] {
  const { sizeBytes, deltas, speaksV0, compressionRatio = COMPRESSION_RATIO } = known;
  const missing = known.missing ?? { chunkBytes: sizeBytes, pageBytes: manifestBytes(sizeBytes) };
  const ways: PlannedWay[] = deltas.map((delta) => ({
    kind: 'delta',
    expectedBytes: costOf(delta) + Math.ceil(costOf(delta) / MAX_CHUNK_BYTES) * DELTA_CHUNK_ENTRY_BYTES,
    sizeBytes: delta.sizeBytes,
    root: delta.root,
  }));
  ways.push({ kind: 'chunks', expectedBytes: Math.ceil(missing.chunkBytes * compressionRatio) + missing.pageBytes });
  if (speaksV0) ways.push({ kind: 'whole', expectedBytes: sizeBytes });
  return ways.sort((a, b) => a.expectedBytes - b.expectedBytes); // stable: equal ones stay in the order above
}

/** A delta is compressed already. */
function costOf({ sizeBytes, isHere = false }: KnownDelta): number {
  return isHere ? 0 : sizeBytes;
}

function manifestBytes(sizeBytes: number): number {
  return SMALLEST_MANIFEST_BYTES + Math.ceil(sizeBytes * MANIFEST_SHARE);
}
