/**
 * Measures a program as it streams by: finds the region, hashes everything else. Spec: docs/spec/02-stamp.md.
 *
 * The one code path for signing, verifying and downloads. Holds the head of the file until its kind is known and a few bytes
 * after that; the caller decides how large the pieces are. Does not look at what the region says: see release/accept.ts.
 *
 * @module
 */
import { PeerpatchError } from '../base/errors.ts';
import { MAX_PROGRAM_BYTES } from '../base/limits.ts';
import { createSha512 } from '../crypto/hash.ts';
import { createCutter, type CutRegion } from './cut.ts';
import { readFormat, type ProgramFormat } from './format.ts';
import { createHead, type Head } from './head.ts';
import { readMachO } from './macho.ts';
import { createPositionWatch, type Binding } from './position.ts';

/** What the owner signs about the bytes of a program. */
export interface ProgramDigest {
  /** 32 bytes: SHA-512 of the signed bytes, truncated. */
  readonly hash: Uint8Array;
  /** How many signed bytes there are: the file without region, and without Apple's signature. */
  readonly sizeBytes: number;
}

/** What was found in a program that carries a region. */
export interface StampedDigest extends ProgramDigest, CutRegion {
  /** The whole file. */
  readonly fileBytes: number;
  /** What holds the region in its place. */
  readonly bound: Binding;
  /** Which kind of program it is, for which processor. */
  readonly format: ProgramFormat;
  /** Where the release block begins; undefined for a program without anchor, which has none. */
  readonly stampOffset: number | undefined;
  /** The release block's 1104 bytes, as they stand in the file. */
  readonly block: Uint8Array | undefined;
}

export interface Measure {
  /**
   * The next piece of the file, of any length. It may be reused afterwards.
   *
   * @throws PeerpatchError STAMP_MALFORMED as soon as no continuation could be right
   */
  update(piece: Uint8Array): void;
  /** The region's 176 bytes as soon as they have all been seen. */
  readonly region: Uint8Array | undefined;
  /** Known after the first bytes; undefined before, and for files that are no program. */
  readonly format: ProgramFormat;
  /** @throws PeerpatchError STAMP_MISSING, STAMP_MALFORMED */
  finish(): StampedDigest;
}

export function createMeasure(): Measure {
  const hash = createSha512();
  const position = createPositionWatch();
  let sizeBytes = 0;
  const cutter = createCutter((bytes) => {
    hash.update(bytes);
    position.update(bytes);
    sizeBytes += bytes.length;
  });
  let ownersEnd = Infinity; // file offset: the owner's bytes end here, Apple's signature begins
  let statedBytes: number | undefined;
  let head: Head | undefined = createHead(readMachO, (kind) => {
    ownersEnd = kind?.signedBytes ?? Infinity;
    statedBytes = kind?.fileBytes;
  });
  let format: ProgramFormat;
  let formatHead: Head | undefined = createHead(readFormat, (found) => {
    format = found.format;
  });
  let cutBytes = 0;
  let fileBytes = 0;

  const cut = (bytes: Uint8Array): void => {
    const owners = bytes.subarray(0, Math.max(ownersEnd - cutBytes, 0));
    cutBytes += owners.length;
    if (owners.length > 0) cutter.update(owners);
  };

  return {
    update(piece) {
      fileBytes += piece.length;
      if (fileBytes > MAX_PROGRAM_BYTES) throw malformed(`the file has more than ${MAX_PROGRAM_BYTES} bytes`);
      if (formatHead?.update(piece) !== undefined) formatHead = undefined;
      const known = head === undefined ? piece : head.update(piece);
      if (known === undefined) return;
      head = undefined;
      cut(known);
      if (statedBytes !== undefined && fileBytes > statedBytes) throw malformed('bytes follow its code signature');
    },
    get region() {
      return cutter.region;
    },
    get format() {
      return format;
    },
    finish() {
      if (head !== undefined && head.heldBytes >= 4) throw malformed('the file ends inside its load commands');
      if (statedBytes !== undefined && fileBytes < statedBytes)
        throw malformed('the file ends before its code signature does');
      const found = cutter.finish();
      const { binding: bound, block } = position.finish(found.regionOffset);
      const stampOffset = block && found.regionOffset - block.length;
      return { ...found, hash: hash.digest().slice(0, 32), sizeBytes, fileBytes, bound, format, stampOffset, block };
    },
  };
}

function malformed(reason: string): PeerpatchError {
  return new PeerpatchError('STAMP_MALFORMED', `the program cannot be measured: ${reason}; get a complete copy of it`);
}
