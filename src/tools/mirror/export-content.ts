/**
 * Puts the pages and chunks of one content into the folder of a mirror, as encoded objects. Spec: docs/spec/15-mirror.md.
 *
 * What is there already is decoded and compared with its hash, which takes a tenth of the time of compressing it again.
 *
 * @module
 */
import { equalBytes } from '../../core/base/bytes.ts';
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { toHex } from '../../core/base/hex.ts';
import type { Manifest } from '../../core/content/manifest.ts';
import { encodeObject, maxEncodedBytes, openObject } from '../../core/content/object.ts';
import { sha256 } from '../../core/crypto/hash.ts';
import type { MirrorFolder } from '../../io/mirror/mirror-folder.ts';
import type { MirrorPaths } from '../../io/mirror/mirror-path.ts';
import type { Compression } from '../../ports/compression.ts';
import { atOnce } from '../at-once.ts';

/** What was done, over all contents of one export. */
export interface ExportTally {
  filesWritten: number;
  bytesWritten: number;
  /** Of those written: they were there, but damaged. */
  filesRepaired: number;
  filesReused: number;
  bytesReused: number;
}

export interface ContentExport {
  readonly folder: MirrorFolder;
  readonly paths: MirrorPaths;
  readonly compression: Compression;
  readonly quality: number;
  readonly tally: ExportTally;
  /** Names of the objects that were seen in this export: releases have most of them in common. */
  readonly seen: Set<string>;
  readonly signal: AbortSignal | undefined;
}

interface NamedObject {
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
}

/** Objects in work at once: enough for every thread that compresses, and little memory. */
const OBJECTS_AT_ONCE = 8;

/**
 * @param content its bytes in pieces, as long as the manifest says
 * @param onChunk called with the length of each chunk that is in its place
 * @throws PeerpatchError RELEASE_MISMATCH when the bytes are not those of the manifest, MIRROR_UNWRITABLE, CANCELLED
 */
export async function exportContent(
  context: ContentExport,
  manifest: Manifest,
  content: AsyncIterable<Uint8Array>,
  onChunk: (lengthBytes: number) => void,
): Promise<void> {
  await atOnce(OBJECTS_AT_ONCE, chunksOf(manifest, content), async (chunk) => {
    await putObject(context, chunk);
    onChunk(chunk.bytes.length);
  });
  await atOnce(OBJECTS_AT_ONCE, manifest.pages, (page) => putObject(context, page));
}

/** @throws PeerpatchError MIRROR_UNWRITABLE, CANCELLED */
export function checkNotStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new PeerpatchError('CANCELLED', 'the export was stopped: every file that is there is whole, start it again');
}

/** Each chunk in memory of its own: the pieces' is used again. */
async function* chunksOf(manifest: Manifest, content: AsyncIterable<Uint8Array>): AsyncGenerator<NamedObject> {
  let index = 0;
  let filled = 0;
  let bytes = new Uint8Array(manifest.count > 0 ? manifest.lengthAt(0) : 0);
  for await (const piece of content) {
    for (let at = 0; at < piece.length;) {
      if (index === manifest.count) throw changed();
      const part = piece.subarray(at, at + bytes.length - filled);
      bytes.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < bytes.length) continue;
      yield { hash: manifest.hashAt(index), bytes };
      index += 1;
      filled = 0;
      bytes = new Uint8Array(index < manifest.count ? manifest.lengthAt(index) : 0);
    }
  }
  if (index < manifest.count) throw changed();
}

async function putObject(context: ContentExport, { hash, bytes }: NamedObject): Promise<void> {
  const { folder, paths, compression, quality, tally, seen, signal } = context;
  checkNotStopped(signal);
  const id = toHex(hash);
  if (seen.has(id)) return;
  seen.add(id);
  if (!equalBytes(sha256(bytes), hash)) throw changed();
  const name = paths.object(hash);
  const found = await findObject(context, name, { hash, bytes });
  if (typeof found === 'number') {
    tally.filesReused += 1;
    tally.bytesReused += found;
    return;
  }
  const encoded = encodeObject(bytes, await compression.compress(bytes, quality));
  await folder.write(name, encoded);
  tally.filesWritten += 1;
  tally.bytesWritten += encoded.length;
  if (found === 'damaged') tally.filesRepaired += 1;
}

/**
 * Puts a file that is not an object, unless the same one is there.
 *
 * @throws PeerpatchError MIRROR_UNWRITABLE, CANCELLED
 */
export async function putFile(
  { folder, tally, signal }: ContentExport,
  name: string,
  bytes: Uint8Array,
): Promise<'written' | 'reused'> {
  checkNotStopped(signal);
  const present = await folder.read(name, bytes.length);
  if (present !== undefined && equalBytes(present, bytes)) {
    tally.filesReused += 1;
    tally.bytesReused += bytes.length;
    return 'reused';
  }
  await folder.write(name, bytes);
  tally.filesWritten += 1;
  tally.bytesWritten += bytes.length;
  return 'written';
}

/** The length of a file that holds the object in whichever encoding. */
async function findObject(
  { folder, compression }: ContentExport,
  name: string,
  { hash, bytes }: NamedObject,
): Promise<number | 'none' | 'damaged'> {
  const file = await folder.read(name, maxEncodedBytes(bytes.length));
  if (file === undefined) return 'none';
  try {
    await openObject({
      hash,
      encoded: file,
      maxBytes: bytes.length,
      decompress: (from, maxBytes) => compression.decompress(from, maxBytes),
    });
    return file.length;
  } catch (error) {
    if (isPeerpatchError(error, 'CONTENT_MALFORMED')) return 'damaged';
    throw error;
  }
}

function changed(): PeerpatchError {
  return new PeerpatchError('RELEASE_MISMATCH', 'the program was changed while it was exported: export it again');
}
