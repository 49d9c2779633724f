/**
 * Reads a manifest from pages that strangers send, from the signed root down. Spec: docs/spec/12-content.md.
 *
 * Sans-I/O: says which pages it wants, takes them in any order. The root and the size are signed, so they bound everything: how
 * many pages there can be is known before the first one is asked for.
 *
 * @module
 */
import { equalBytes } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';
import { toHex } from '../base/hex.ts';
import { MAX_PROGRAM_BYTES } from '../base/limits.ts';
import { sha256 } from '../crypto/hash.ts';
import { MIN_CHUNK_BYTES } from './chunker.ts';
import { createManifestBuilder, type Manifest } from './manifest.ts';
import { decodePage, MIN_PAGE_ENTRIES, type Page } from './page.ts';

export interface ManifestReader {
  /** Hashes of the pages to get next, each once; none when the manifest is complete. */
  readonly wanted: readonly Uint8Array[];
  /**
   * Takes a page. One that is not wanted, or not any more, is ignored.
   *
   * @throws PeerpatchError CONTENT_MALFORMED: the bytes do not have this hash, which is the sender's doing; or they do and
   *   no manifest of this root and size is right, which is the owner's
   */
  add(hash: Uint8Array, pageBytes: Uint8Array): void;
  /** As soon as nothing is wanted. */
  readonly manifest: Manifest | undefined;
}

/** What the page above says about a page. */
interface Listed {
  readonly hash: Uint8Array;
  /** Undefined for the top page alone. */
  readonly level: number | undefined;
  readonly coveredBytes: number;
}

/** @param sizeBytes of the content @throws RangeError for a size no program can have */
export function createManifestReader(root: Uint8Array, sizeBytes: number): ManifestReader {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0 || sizeBytes > MAX_PROGRAM_BYTES)
    throw new RangeError(`no content has ${sizeBytes} bytes`);
  const maxPages = mostPages(sizeBytes);
  const wanted = new Map<string, Listed>([[toHex(root), { hash: root, level: undefined, coveredBytes: sizeBytes }]]);
  const known = new Map<string, Page>();
  let manifest: Manifest | undefined;

  const want = (listed: Listed): void => {
    const name = toHex(listed.hash);
    const page = known.get(name);
    if (page !== undefined) {
      checkListed(listed, page);
      return;
    }
    const other = wanted.get(name);
    if (other !== undefined && (other.level !== listed.level || other.coveredBytes !== listed.coveredBytes))
      throw malformed('one page is listed in two ways');
    wanted.set(name, listed);
    if (wanted.size + known.size > maxPages) throw malformed(`more than ${maxPages} pages`);
  };
  return {
    get wanted() {
      return [...wanted.values()].map(({ hash }) => hash);
    },
    get manifest() {
      return manifest;
    },
    add(hash, pageBytes) {
      const name = toHex(hash);
      const listed = wanted.get(name);
      if (listed === undefined) return;
      if (!equalBytes(sha256(pageBytes), hash)) throw malformed('a page does not have its hash');
      const page = decodePage(pageBytes);
      checkListed(listed, page);
      checkEntries(page);
      wanted.delete(name);
      known.set(name, page);
      if (page.level > 0) for (const entry of page.entries) want({ ...entry, level: page.level - 1 });
      if (wanted.size === 0) manifest = assemble(root, known);
    },
  };
}

/** How many pages a manifest can have: every chunk and page but the last of its level has at least its smallest size. */
function mostPages(sizeBytes: number): number {
  let level = Math.floor(sizeBytes / MIN_CHUNK_BYTES) + 1;
  let pages = 0;
  do {
    level = Math.ceil(level / MIN_PAGE_ENTRIES);
    pages += level;
  } while (level > 1);
  return pages;
}

function checkListed({ level, coveredBytes }: Listed, page: Page): void {
  if (level !== undefined && page.level !== level) throw malformed(`a page of level ${page.level} below ${level + 1}`);
  const sum = page.entries.reduce((covered, entry) => covered + entry.coveredBytes, 0);
  if (sum !== coveredBytes) throw malformed(`a page covers ${sum} bytes where ${coveredBytes} are listed`);
}

/**
 * Only the last entry of a level may cover less than a chunk of the smallest size, or as many pages as a page lists at least.
 * Seen at once and not when all is there: until then entries of a byte each would fill the memory.
 */
function checkEntries({ level, entries }: Page): void {
  const least = MIN_CHUNK_BYTES * MIN_PAGE_ENTRIES ** level;
  if (!entries.slice(0, -1).some(({ coveredBytes }) => coveredBytes < least)) return;
  throw malformed(level === 0 ? TOO_SHORT : `a page of level ${level - 1} before the last one covers too little`);
}

const TOO_SHORT = 'a chunk before the last one is too short';

/** Builds the manifest anew from its chunks: only what the format's own rules make of them has the same root. */
function assemble(root: Uint8Array, known: ReadonlyMap<string, Page>): Manifest {
  const builder = createManifestBuilder();
  let isLast = false;
  const walk = (hash: Uint8Array): void => {
    const page = known.get(toHex(hash));
    if (page === undefined) throw new Error('walked before all pages were there');
    for (const entry of page.entries) {
      if (page.level > 0) walk(entry.hash);
      else {
        if (isLast) throw malformed(TOO_SHORT);
        isLast = entry.coveredBytes < MIN_CHUNK_BYTES;
        builder.add(entry.hash, entry.coveredBytes);
      }
    }
  };
  walk(root);
  const manifest = builder.finish();
  if (!equalBytes(manifest.root, root)) throw malformed('its pages do not end where they must');
  return manifest;
}

function malformed(reason: string): PeerpatchError {
  return new PeerpatchError('CONTENT_MALFORMED', `the manifest cannot be right: ${reason}`);
}
