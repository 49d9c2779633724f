/**
 * What each way from an old file to a new one costs: makes the objects that peers would send, and counts them.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureDelta } from '../../agent/measure-image.ts';
import { indexContent } from '../../agent/offer/indexed-content.ts';
import { toHex } from '../../core/base/hex.ts';
import type { Manifest } from '../../core/content/manifest.ts';
import { systemClock } from '../../io/system/clock.ts';
import { openProgram } from '../../io/files/open-program.ts';
import type { ComparedProgram } from './compared-program.ts';
import { makeDelta } from '../make-delta.ts';
import { measureWireBytes } from './wire-cost.ts';

export interface DeltaCost {
  /** Everything that crosses the wire. */
  readonly bytes: number;
  /** Of the delta file. */
  readonly sizeBytes: number;
  readonly elapsedMs: number;
}

export interface ChunksCost {
  readonly bytes: number;
  /** Chunks of the new file that the old one does not have, each counted once, and their bytes before compression. */
  readonly missing: number;
  readonly missingBytes: number;
  readonly reused: number;
  readonly reusedBytes: number;
  /** Pages of the manifest that are not in the old one's. */
  readonly pages: number;
  readonly elapsedMs: number;
}

export interface WholeCost {
  readonly bytes: number;
}

export interface Comparison {
  readonly older: ComparedProgram;
  readonly newer: ComparedProgram;
  /** What crosses the wire whichever way is taken: statement and stamp. */
  readonly releaseBytes: number;
  /** The share of the work that is done, from 0 to 1. */
  readonly onProgress: (share: number) => void;
  readonly signal: AbortSignal | undefined;
}

/** @throws PeerpatchError PROGRAM_UNREADABLE, CANCELLED, and what {@link makeDelta} throws. The delta itself is not kept */
export async function deltaCost(comparison: Comparison): Promise<DeltaCost> {
  const { older, newer, releaseBytes, onProgress, signal } = comparison;
  const began = systemClock.monotonic();
  const folder = await mkdtemp(join(tmpdir(), 'peerpatch-diff-'));
  try {
    const out = join(folder, 'delta');
    await makeDelta({
      basePath: older.file.path,
      resultPath: newer.file.path,
      baseStampOffset: older.stamp?.offset,
      resultStampOffset: newer.stamp?.offset,
      out,
      onProgress,
      signal,
    });
    const elapsedMs = systemClock.monotonic() - began;
    const file = await openProgram(out);
    try {
      const manifest = await measureDelta(file, { signal });
      const content = indexContent({ file }, manifest);
      const pages = split(pagesOf(manifest), () => false);
      const chunks = split(chunksOf(manifest), () => false);
      const bytes =
        (await measureWireBytes(pages.missing, { content, kind: 'page', signal })) +
        (await measureWireBytes(chunks.missing, { content, kind: 'chunk', signal }));
      return { bytes: releaseBytes + bytes, sizeBytes: file.sizeBytes, elapsedMs };
    } finally {
      await file.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Compresses the whole new file, as peers would. @throws PeerpatchError PROGRAM_UNREADABLE, CANCELLED */
export async function chunkCosts(
  comparison: Comparison,
): Promise<{ readonly chunks: ChunksCost; readonly whole: WholeCost }> {
  const { older, newer, releaseBytes, onProgress, signal } = comparison;
  const began = systemClock.monotonic();
  const { content } = newer;
  const { manifest } = content;
  const pages = split(pagesOf(manifest), (hash) => older.content.has('page', hash));
  const chunks = split(chunksOf(manifest), (hash) => older.content.has('chunk', hash));

  const totalBytes = chunks.missingBytes + chunks.presentBytes;
  let doneBytes = 0;
  const onObject = (lengthBytes: number): void => {
    doneBytes += lengthBytes;
    onProgress(doneBytes / totalBytes);
  };
  const missing =
    (await measureWireBytes(pages.missing, { content, kind: 'page', signal })) +
    (await measureWireBytes(chunks.missing, { content, kind: 'chunk', onObject, signal }));
  const elapsedMs = systemClock.monotonic() - began;
  const present =
    (await measureWireBytes(pages.present, { content, kind: 'page', signal })) +
    (await measureWireBytes(chunks.present, { content, kind: 'chunk', onObject, signal }));
  return {
    chunks: {
      bytes: releaseBytes + missing,
      missing: chunks.missing.length,
      missingBytes: chunks.missingBytes,
      reused: manifest.count - chunks.missing.length,
      reusedBytes: manifest.sizeBytes - chunks.missingBytes,
      pages: pages.missing.length,
      elapsedMs,
    },
    whole: { bytes: releaseBytes + missing + present },
  };
}

interface NamedObject {
  readonly hash: Uint8Array;
  readonly lengthBytes: number;
}

function* chunksOf(manifest: Manifest): Generator<NamedObject> {
  for (let index = 0; index < manifest.count; index++)
    yield { hash: manifest.hashAt(index), lengthBytes: manifest.lengthAt(index) };
}

function pagesOf({ pages }: Manifest): NamedObject[] {
  return pages.map(({ hash, bytes }) => ({ hash, lengthBytes: bytes.length }));
}

/** Objects that must be fetched, and those that are there: each once, because nobody fetches the same one twice. */
interface Split {
  readonly missing: Uint8Array[];
  missingBytes: number;
  readonly present: Uint8Array[];
  presentBytes: number;
}

function split(objects: Iterable<NamedObject>, isPresent: (hash: Uint8Array) => boolean): Split {
  const seen = new Set<string>();
  const result: Split = { missing: [], missingBytes: 0, present: [], presentBytes: 0 };
  for (const { hash, lengthBytes } of objects) {
    const name = toHex(hash);
    if (seen.has(name)) continue;
    seen.add(name);
    if (isPresent(hash)) {
      result.present.push(hash);
      result.presentBytes += lengthBytes;
    } else {
      result.missing.push(hash);
      result.missingBytes += lengthBytes;
    }
  }
  return result;
}
