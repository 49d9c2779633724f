/**
 * What this node can hand out: the programs and deltas it has, as pages and chunks, and the statements it knows.
 *
 * Content is read and hashed when somebody first asks for a part of it. Does not decide who gets something: that is the
 * exchange server's. Verifies its own files, so that this node never sends what another one would blame it for.
 *
 * @module
 */
import { equalBytes } from '../../core/base/bytes.ts';
import { PeerpatchError } from '../../core/base/errors.ts';
import { toHex } from '../../core/base/hex.ts';
import { MAX_ENCODED_CACHE_BYTES } from '../../core/base/limits.ts';
import type { Manifest } from '../../core/content/manifest.ts';
import { STAMP_BYTES } from '../../core/stamp/block.ts';
import type { Compression } from '../../ports/compression.ts';
import type { ObjectKind } from '../../ports/source.ts';
import { createEncodedObjects } from './encoded-objects.ts';
import { measureDelta, measureImage } from '../measure-image.ts';
import { indexContent, type ContentFile, type IndexedContent } from './indexed-content.ts';
import { shareProgram, type SharedProgram } from './shared-program.ts';

/** A program; without a stamp offset a delta. */
export interface LibraryContent extends ContentFile {
  /** 32 bytes: the root the owner signed for it. */
  readonly root: Uint8Array;
  /** 32 bytes: the id of the statement in the program. Without it, or without a stamp offset, there is no stamp to hand out. */
  readonly stampId?: Uint8Array | undefined;
  /** When it is known already: saves reading the file. */
  readonly manifest?: Manifest | undefined;
}

/** All answers are undefined for what this node has not got. */
export interface Library {
  /**
   * Takes over the file.
   *
   * @returns takes the content out again, and closes the file when nobody reads from it any more. Idempotent
   */
  add(content: LibraryContent): () => Promise<void>;
  /**
   * The statement to hand out from now on under this key.
   *
   * @param key 32 bytes: the hash of its name, which is the salt without its first three, or that of a file
   * @param signedBytes core/statement/signed-bytes.ts, verified by the caller
   * @returns takes it out again, unless another one stands there
   */
  setStatement(key: Uint8Array, signedBytes: Uint8Array): () => void;
  statement(key: Uint8Array): Uint8Array | undefined;
  /** Release block and region of the program with this statement, 1280 bytes. */
  stamp(statementId: Uint8Array): Promise<Uint8Array | undefined>;
  /** Encoded: docs/spec/12-content.md. */
  object(kind: ObjectKind, hash: Uint8Array): Promise<Uint8Array | undefined>;
  /** Whether it is in the content of this node. */
  has(kind: ObjectKind, hash: Uint8Array): Promise<boolean>;
  /** The object as it is: for this node's own use. @param memory as long as a chunk can be, that may be used for it */
  read(kind: ObjectKind, hash: Uint8Array, memory?: Uint8Array): Promise<Uint8Array | undefined>;
  /** Takes everything out. */
  close(): Promise<void>;
}

export interface LibraryOptions {
  readonly compression: Compression;
  /** A file that cannot be read, or is not what its root says: it is taken out. */
  readonly onError: (error: PeerpatchError) => void;
  /** Of encoded objects that are kept. Default {@link MAX_ENCODED_CACHE_BYTES}. */
  readonly cacheBytes?: number | undefined;
}

interface Shelf {
  readonly content: LibraryContent;
  readonly shared: SharedProgram;
  /** Undefined until somebody asks. */
  measuring: Promise<Manifest> | undefined;
  /** Read from inside `using` only: the file may be closed otherwise. */
  index: IndexedContent | undefined;
}

export function createLibrary({ compression, onError, cacheBytes = MAX_ENCODED_CACHE_BYTES }: LibraryOptions): Library {
  const shelves = new Set<Shelf>();
  const statements = new Map<string, Uint8Array>();
  const encoded = createEncodedObjects(compression, cacheBytes);

  const remove = async (shelf: Shelf): Promise<void> => {
    shelves.delete(shelf);
    await shelf.shared.retire();
  };
  /** Runs `work` with the file held open. Undefined when that fails: the content is of no more use then. */
  const using = async <T>(shelf: Shelf, work: (content: LibraryContent) => Promise<T>): Promise<T | undefined> => {
    const loan = shelf.shared.lend();
    try {
      return await work(shelf.content);
    } catch (error) {
      if (!(error instanceof PeerpatchError)) throw error;
      if (shelves.has(shelf)) onError(error);
      await remove(shelf);
      return undefined;
    } finally {
      await loan.close();
    }
  };
  const measure = async (shelf: Shelf): Promise<IndexedContent | undefined> => {
    if (shelf.index !== undefined) return shelf.index;
    await using(shelf, async (content) => {
      shelf.measuring ??= measureAsSigned(content);
      shelf.index ??= indexContent(content, await shelf.measuring);
    });
    return shelf.index;
  };
  /** The content that has it. What was not measured yet is, its own root first. */
  const find = async (kind: ObjectKind, hash: Uint8Array): Promise<Shelf | undefined> => {
    const known = [...shelves].find(({ index }) => index?.has(kind, hash) === true);
    if (known !== undefined) return known;
    const unmeasured = [...shelves].filter(({ index }) => index === undefined);
    const isNamed = ({ content }: Shelf): boolean => equalBytes(content.root, hash);
    for (const shelf of unmeasured.sort((a, b) => Number(isNamed(b)) - Number(isNamed(a)))) {
      if ((await measure(shelf))?.has(kind, hash) === true) return shelf;
    }
    return undefined;
  };
  const read: Library['read'] = async (kind, hash, memory) => {
    const shelf = await find(kind, hash);
    return shelf && using(shelf, async () => shelf.index?.read(kind, hash, memory));
  };

  return {
    add(content) {
      const shelf: Shelf = {
        content,
        shared: shareProgram(content.file),
        measuring: content.manifest === undefined ? undefined : Promise.resolve(content.manifest),
        index: undefined,
      };
      shelves.add(shelf);
      return () => remove(shelf);
    },
    setStatement(hash, signedBytes) {
      const key = toHex(hash);
      statements.set(key, signedBytes);
      return () => {
        if (statements.get(key) === signedBytes) statements.delete(key);
      };
    },
    statement: (hash) => statements.get(toHex(hash)),
    async stamp(statementId) {
      const shelf = [...shelves].find(
        ({ content: { stampOffset, stampId } }) =>
          stampOffset !== undefined && stampId !== undefined && equalBytes(stampId, statementId),
      );
      const offset = shelf?.content.stampOffset;
      if (shelf === undefined || offset === undefined) return undefined;
      return using(shelf, ({ file }) => file.readAt(offset, STAMP_BYTES));
    },
    object: (kind, hash) => encoded.get(`${kind} ${toHex(hash)}`, () => read(kind, hash)),
    has: async (kind, hash) => (await find(kind, hash)) !== undefined,
    read,
    async close() {
      statements.clear();
      await Promise.all([...shelves].map(remove));
    },
  };
}

async function measureAsSigned({ file, stampOffset, root }: LibraryContent): Promise<Manifest> {
  const manifest = await (stampOffset === undefined ? measureDelta(file) : measureImage(file, stampOffset));
  if (equalBytes(manifest.root, root)) return manifest;
  throw new PeerpatchError(
    'PROGRAM_UNREADABLE',
    `${file.path} is not the content it was opened for: it is not handed out`,
  );
}
