/**
 * Which chunks of a content a partial file holds already: found by hashing what is there. Nothing else is believed of it.
 *
 * @module
 */
import { equalBytes } from '../../core/base/bytes.ts';
import type { Manifest } from '../../core/content/manifest.ts';
import { sha256 } from '../../core/crypto/hash.ts';
import type { PartialFile } from '../../ports/partial.ts';

export interface HeldChunksOptions {
  readonly manifest: Manifest;
  readonly partial: PartialFile;
  readonly signal: AbortSignal;
  /** Called for each chunk that is there. */
  readonly onHeld: (bytes: number) => void;
}

/** Whole chunks of one read: large enough for the disk, small enough to hold two. */
const READ_BYTES: number = 1024 ** 2;

/** Chunks from `first` up to, not including, `end`. */
interface Run {
  readonly first: number;
  readonly end: number;
}

/** One byte a chunk: 1 when it is there. @throws PeerpatchError INSTALL_FAILED, and the signal's reason when it aborts */
export async function findHeldChunks({ manifest, partial, signal, onHeld }: HeldChunksOptions): Promise<Uint8Array> {
  const held = new Uint8Array(manifest.count);
  if (partial.isNew) return held;
  const read = ({ first, end }: Run): Promise<Uint8Array> => {
    const offset = manifest.offsetAt(first);
    const reading = partial.read(offset, manifest.offsetAt(end - 1) + manifest.lengthAt(end - 1) - offset);
    reading.catch(() => undefined); // looked at one round later
    return reading;
  };
  const runs = readRuns(manifest);
  const [firstRun] = runs;
  let next = firstRun && read(firstRun);
  try {
    for (const [index, { first, end }] of runs.entries()) {
      signal.throwIfAborted();
      const bytes = await next;
      const following = runs[index + 1];
      next = following && read(following); // the disk works while this is hashed
      if (bytes === undefined) continue;
      for (let chunk = first, at = 0; chunk < end; at += manifest.lengthAt(chunk), chunk++) {
        const length = manifest.lengthAt(chunk);
        if (!equalBytes(sha256(bytes.subarray(at, at + length)), manifest.hashAt(chunk))) continue;
        held[chunk] = 1;
        onHeld(length);
      }
    }
  } finally {
    await next?.catch(() => undefined); // the file may be closed only when nothing reads from it
  }
  return held;
}

function readRuns(manifest: Manifest): readonly Run[] {
  const runs: Run[] = [];
  for (let first = 0, end = 1; end <= manifest.count; end++) {
    const isLast = end === manifest.count;
    if (!isLast && manifest.offsetAt(end) - manifest.offsetAt(first) < READ_BYTES) continue;
    runs.push({ first, end });
    first = end;
  }
  return runs;
}
