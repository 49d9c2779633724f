/**
 * Content in an open file whose pages and chunks are found by their hashes: what a node hands out, and what it need not fetch.
 *
 * A program is read as its canonical image: with zeros where its stamp and its page hashes stand.
 *
 * @module
 */
import { equalBytes } from '../../core/base/bytes.ts';
import { PeerpatchError } from '../../core/base/errors.ts';
import { toHex } from '../../core/base/hex.ts';
import { zeroPlaces, type Place } from '../../core/codesign/image.ts';
import type { Manifest } from '../../core/content/manifest.ts';
import { sha256 } from '../../core/crypto/hash.ts';
import type { OpenProgram } from '../../ports/program.ts';
import type { ObjectKind } from '../../ports/source.ts';
import { imagePlaces } from '../image-places.ts';

/** A file and where its stamp is. */
export interface ContentFile {
  readonly file: OpenProgram;
  /** Where the release block begins. Undefined for a file that is content as it is, like a delta. */
  readonly stampOffset?: number | undefined;
}

export interface IndexedContent {
  readonly manifest: Manifest;
  has(kind: ObjectKind, hash: Uint8Array): boolean;
  /**
   * The object as the file has it now: for callers that compare it with its hash themselves.
   *
   * @param memory as long as a chunk can be, that a chunk is read into. Default: new memory
   * @throws PeerpatchError PROGRAM_UNREADABLE
   */
  load(kind: ObjectKind, hash: Uint8Array, memory?: Uint8Array): Promise<Uint8Array | undefined>;
  /**
   * The object, compared with its hash; undefined: not of this content.
   *
   * @param memory as for `load`
   * @throws PeerpatchError PROGRAM_UNREADABLE, also when the file was written into meanwhile
   */
  read(kind: ObjectKind, hash: Uint8Array, memory?: Uint8Array): Promise<Uint8Array | undefined>;
}

/** @param manifest of the content of `file` */
export function indexContent({ file, stampOffset }: ContentFile, manifest: Manifest): IndexedContent {
  const pages = new Map(manifest.pages.map(({ hash, bytes }) => [toHex(hash), bytes]));
  const chunks = new Map<string, number>();
  for (let index = 0; index < manifest.count; index++) chunks.set(toHex(manifest.hashAt(index)), index);
  let places: Promise<readonly Place[]> | undefined;

  const load: IndexedContent['load'] = async (kind, hash, memory) => {
    if (kind === 'page') return pages.get(toHex(hash));
    const index = chunks.get(toHex(hash));
    if (index === undefined) return undefined;
    const offset = manifest.offsetAt(index);
    const bytes = await file.readAt(offset, manifest.lengthAt(index), memory);
    zeroPlaces(bytes, offset, await (places ??= imagePlaces(file, stampOffset)));
    return bytes;
  };
  return {
    manifest,
    has: (kind, hash) => (kind === 'page' ? pages : chunks).has(toHex(hash)),
    load,
    async read(kind, hash, memory) {
      const bytes = await load(kind, hash, memory);
      if (bytes === undefined || equalBytes(sha256(bytes), hash)) return bytes;
      throw new PeerpatchError(
        'PROGRAM_UNREADABLE',
        `${file.path} was changed while it was in use: replace programs, do not write into them`,
      );
    },
  };
}
