/**
 * The list of a content's chunks, in order, and the pages that carry it. Spec: docs/spec/12-content.md.
 *
 * Chunks are packed into two arrays: a large program has a hundred thousand of them. Does not read pages from strangers: see
 * manifest-reader.ts.
 *
 * @module
 */
import { PeerpatchError } from '../base/errors.ts';
import { MAX_CHUNK_BYTES, MAX_PAGE_LEVEL, MAX_PROGRAM_BYTES } from '../base/limits.ts';
import { sha256 } from '../crypto/hash.ts';
import { encodePage, endsPage, type PageEntry } from './page.ts';

export interface ManifestPage {
  /** 32 bytes: SHA-256 of `bytes`. */
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
}

/** Names of the parameters are chunk numbers: from 0 to `count - 1`. Others throw RangeError. */
export interface Manifest {
  /** 32 bytes: the name of the content. */
  readonly root: Uint8Array;
  readonly sizeBytes: number;
  /** Number of chunks. */
  readonly count: number;
  /** 32 bytes, a view: copy it to keep it apart from the manifest. */
  hashAt(index: number): Uint8Array;
  lengthAt(index: number): number;
  offsetAt(index: number): number;
  /** Level 0 first, each level in order, the top page last. Equal pages stand as often as they occur. */
  readonly pages: readonly ManifestPage[];
}

/** Builds a manifest from the chunks in their order. */
export interface ManifestBuilder {
  /** @throws PeerpatchError CONTENT_MALFORMED when the content gets larger than any program may be */
  add(hash: Uint8Array, lengthBytes: number): void;
  finish(): Manifest;
}

/** One level while it grows. */
interface Level {
  /** Entries of the page that is not complete. */
  open: PageEntry[];
  readonly pages: ManifestPage[];
}

export function createManifestBuilder(): ManifestBuilder {
  const chunks = createChunkList();
  const levels: Level[] = [];

  const levelAt = (level: number): Level => (levels[level] ??= { open: [], pages: [] });
  const addEntry = (level: number, entry: PageEntry): void => {
    const { open } = levelAt(level);
    open.push(entry);
    if (endsPage(open.length, entry.hash)) closePage(level);
  };
  const closePage = (level: number): void => {
    const at = levelAt(level);
    const bytes = encodePage({ level, entries: at.open });
    const hash = sha256(bytes);
    at.pages.push({ hash, bytes });
    const coveredBytes = at.open.reduce((sum, entry) => sum + entry.coveredBytes, 0);
    at.open = [];
    // For the top page this begins a level that `finish` leaves out.
    addEntry(level + 1, { coveredBytes, hash });
  };

  return {
    add(hash, lengthBytes) {
      chunks.add(hash, lengthBytes);
      addEntry(0, { coveredBytes: lengthBytes, hash });
    },
    finish() {
      for (let level = 0; level <= MAX_PAGE_LEVEL; level++) {
        const at = levelAt(level);
        if (at.open.length > 0 || at.pages.length === 0) closePage(level);
        const [top] = at.pages;
        if (top === undefined || at.pages.length > 1) continue;
        return { root: top.hash, pages: levels.flatMap(({ pages }) => pages), ...chunks.finish() };
      }
      throw tooLarge();
    },
  };
}

interface ChunkList {
  add(hash: Uint8Array, lengthBytes: number): void;
  finish(): Omit<Manifest, 'root' | 'pages'>;
}

function createChunkList(): ChunkList {
  let hashes = new Uint8Array(32 * 64);
  let ends = new Float64Array(64); // offsets beyond 2^32 are safe integers
  let count = 0;
  let sizeBytes = 0;
  return {
    add(hash, lengthBytes) {
      if (hash.length !== 32) throw new RangeError(`a chunk's hash has 32 bytes, not ${hash.length}`);
      if (!Number.isInteger(lengthBytes) || lengthBytes < 1 || lengthBytes > MAX_CHUNK_BYTES)
        throw new RangeError(`a chunk has 1 to ${MAX_CHUNK_BYTES} bytes, not ${lengthBytes}`);
      if (sizeBytes + lengthBytes > MAX_PROGRAM_BYTES) throw tooLarge();
      if (count === ends.length) {
        hashes = grown(hashes, new Uint8Array(hashes.length * 2));
        ends = grown(ends, new Float64Array(ends.length * 2));
      }
      hashes.set(hash, count * 32);
      sizeBytes += lengthBytes;
      ends[count] = sizeBytes;
      count += 1;
    },
    finish() {
      const [packed, endOf, chunkCount] = [hashes.slice(0, count * 32), ends.slice(0, count), count];
      const checked = (index: number): number => {
        if (Number.isInteger(index) && index >= 0 && index < chunkCount) return index;
        throw new RangeError(`chunk ${index} of ${chunkCount}`);
      };
      const offsetAt = (index: number): number => endOf[checked(index) - 1] ?? 0;
      return {
        sizeBytes,
        count: chunkCount,
        hashAt: (index) => packed.subarray(checked(index) * 32, index * 32 + 32),
        offsetAt,
        lengthAt: (index) => (endOf[checked(index)] ?? 0) - offsetAt(index),
      };
    },
  };
}

function grown<List extends Uint8Array | Float64Array>(old: List, larger: List): List {
  larger.set(old);
  return larger;
}

function tooLarge(): PeerpatchError {
  return new PeerpatchError('CONTENT_MALFORMED', `the content has more than ${MAX_PROGRAM_BYTES} bytes`);
}
