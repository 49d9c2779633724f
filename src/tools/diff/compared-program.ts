/**
 * A file as `diff` sees it: the canonical image of a program with a release block, any other file as it is.
 *
 * @module
 */
import { indexContent, type IndexedContent } from '../../agent/offer/indexed-content.ts';
import { measureImage } from '../../agent/measure-image.ts';
import { measureProgram } from '../../agent/read-release.ts';
import { concatBytes } from '../../core/base/bytes.ts';
import { isPeerpatchError } from '../../core/base/errors.ts';
import { decodeReleaseBlock } from '../../core/stamp/block.ts';
import type { StampedDigest } from '../../core/stamp/measure.ts';
import { encodeSignedItem, MAX_SIGNED_ITEM_BYTES } from '../../core/statement/signed-bytes.ts';
import type { OpenProgram } from '../../ports/program.ts';

export interface ComparedProgram {
  readonly file: OpenProgram;
  readonly content: IndexedContent;
  /** Undefined for a file without a release block. */
  readonly stamp: ComparedStamp | undefined;
}

export interface ComparedStamp {
  readonly offset: number;
  /** 1280 bytes: release block and region. */
  readonly bytes: Uint8Array;
  /** As peers send it; the largest there can be for a program that is not signed yet. */
  readonly statementBytes: number;
}

export interface ReadComparedOptions {
  /** Called for each piece that was read: the file is read twice. */
  readonly onRead?: (lengthBytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Does not close the file. @throws PeerpatchError PROGRAM_UNREADABLE, CANCELLED */
export async function readCompared(file: OpenProgram, options: ReadComparedOptions = {}): Promise<ComparedProgram> {
  const stamp = await readStamp(file, options);
  const stampOffset = stamp?.offset;
  const manifest = await measureImage(file, stampOffset, pieceByPiece(options));
  return { file, stamp, content: indexContent({ file, stampOffset }, manifest) };
}

async function readStamp(file: OpenProgram, options: ReadComparedOptions): Promise<ComparedStamp | undefined> {
  let measured: StampedDigest;
  try {
    measured = await measureProgram(file, pieceByPiece(options));
  } catch (error) {
    // Any two files can be compared: one without a region, or with a broken one, is bytes like others.
    if (isPeerpatchError(error, 'STAMP_MISSING', 'STAMP_MALFORMED')) return undefined;
    throw error;
  }
  const { block, region, stampOffset } = measured;
  if (block === undefined || stampOffset === undefined) return undefined;
  return { offset: stampOffset, bytes: concatBytes(block, region), statementBytes: statementBytes(block) };
}

function statementBytes(block: Uint8Array): number {
  try {
    const item = decodeReleaseBlock(block);
    return item === undefined ? MAX_SIGNED_ITEM_BYTES : encodeSignedItem(item).length;
  } catch (error) {
    if (isPeerpatchError(error, 'STAMP_MALFORMED')) return MAX_SIGNED_ITEM_BYTES;
    throw error;
  }
}

/** Lengths of pieces instead of a sum. */
function pieceByPiece({ onRead, signal }: ReadComparedOptions): {
  readonly onProgress: (doneBytes: number) => void;
  readonly signal: AbortSignal | undefined;
} {
  let reportedBytes = 0;
  return {
    signal,
    onProgress: (doneBytes) => {
      onRead?.(doneBytes - reportedBytes);
      reportedBytes = doneBytes;
    },
  };
}
