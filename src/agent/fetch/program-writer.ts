/**
 * Writes a canonical image as the program it is: with its stamp in place, measured on the way. Spec: docs/spec/06-accept.md.
 *
 * What comes out passed the one gate: the image has the signed root, the file the signed hash. In a Mach-O program the page hashes
 * of its code signature are made when the stamp is in: docs/spec/18-code-signature.md.
 *
 * @module
 */
import { equalBytes } from '../../core/base/bytes.ts';
import type { PeerpatchError } from '../../core/base/errors.ts';
import { createSignatureWatch, renewPageHashes, type SignatureWatch } from '../../core/codesign/watch.ts';
import type { AcceptedRelease } from '../../core/release/accept.ts';
import { createContentMeasure } from '../../core/content/measure-content.ts';
import { STAMP_BYTES } from '../../core/stamp/block.ts';
import type { ProgramFormat } from '../../core/stamp/format.ts';
import { malformedDelta } from '../../core/delta/format.ts';
import { createMeasure } from '../../core/stamp/measure.ts';
import { acceptStatement } from '../../core/statement/accept.ts';
import type { SignedStatement } from '../../core/statement/statement.ts';
import type { PartialFile } from '../../ports/partial.ts';

export interface ProgramParts {
  readonly statement: SignedStatement;
  /** 1280 bytes. */
  readonly stamp: Uint8Array;
  /** The version that the release must be above; undefined for a first install. */
  readonly above: string | undefined;
  readonly format: ProgramFormat;
  readonly partial: PartialFile;
  readonly signal: AbortSignal;
}

export interface ProgramWriter {
  /** The next bytes of the canonical image. They may be reused afterwards. @throws what `partial` throws */
  write(image: Uint8Array): Promise<void>;
  /**
   * @throws PeerpatchError DELTA_MALFORMED: the image is another one; RELEASE_*, STAMP_*: the stamp is not that of the image;
   *   CODE_SIGNATURE_INVALID: no system that looks at code signatures would start it; and what `partial` throws
   */
  accept(): Promise<AcceptedRelease>;
}

/** Writes the image in order, as a delta makes it. */
export function createProgramWriter({ statement, stamp, above, format, partial }: ProgramParts): ProgramWriter {
  const content = createContentMeasure('image');
  const measure = createMeasure();
  const signature = createSignatureWatch();
  let offset = 0;
  return {
    async write(image) {
      content.update(image);
      const bytes = withStamp(image, offset, statement.stampOffset, stamp);
      measure.update(bytes);
      signature.update(bytes);
      const at = offset;
      offset += image.length;
      await partial.write(at, bytes);
    },
    accept: async () => {
      const { root } = content.finish();
      if (!equalBytes(root, statement.root)) throw anotherProgram();
      const release = acceptStatement(statement, measure.finish(), root, { above, format });
      await writePageHashes(partial, signature);
      return release;
    },
  };
}

/** What a delta fails with that makes another image. */
export function anotherProgram(): PeerpatchError {
  return malformedDelta('it makes another program than the owner signed');
}

/** Read at once when a finished file is looked at. */
const PIECE_BYTES: number = 1024 ** 2;

/** Puts the stamp into a file whose chunks are all verified, and takes it to the gate. @throws as `ProgramWriter.accept` */
export async function acceptCollected(parts: ProgramParts): Promise<AcceptedRelease> {
  const { statement, stamp, above, format, partial, signal } = parts;
  await partial.write(statement.stampOffset, stamp);
  const measure = createMeasure();
  const signature = createSignatureWatch();
  const memory = new Uint8Array(Math.min(PIECE_BYTES, partial.sizeBytes)); // one for all: nothing of it is kept
  for (let at = 0; at < partial.sizeBytes; at += PIECE_BYTES) {
    signal.throwIfAborted();
    const piece = await partial.read(at, Math.min(PIECE_BYTES, partial.sizeBytes - at), memory);
    measure.update(piece);
    signature.update(piece);
  }
  // Each chunk was compared with the manifest of this root when it was written.
  const release = acceptStatement(statement, measure.finish(), statement.root, { above, format });
  await writePageHashes(partial, signature);
  return release;
}

/** The image has zeros there: with the stamp in place every byte they are made of is known. */
async function writePageHashes(partial: PartialFile, signature: SignatureWatch): Promise<void> {
  const hashes = renewPageHashes(signature.finish());
  if (hashes !== undefined) await partial.write(hashes.offset, hashes.bytes);
}

/** The piece itself where no part of the stamp falls into it. */
function withStamp(piece: Uint8Array, pieceAt: number, stampAt: number, stamp: Uint8Array): Uint8Array {
  const from = Math.max(stampAt, pieceAt);
  const end = Math.min(stampAt + STAMP_BYTES, pieceAt + piece.length);
  if (from >= end) return piece;
  const bytes = piece.slice();
  bytes.set(stamp.subarray(from - stampAt, end - stampAt), from - pieceAt);
  return bytes;
}
