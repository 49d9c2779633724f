/**
 * The outer form of a delta: a head, then blocks. Spec: docs/spec/13-delta.md.
 *
 * size    field
 * 1       format version, 1
 * 1 to 5  size of the base, varint
 * 1 to 5  size of the result, varint
 *
 * then blocks until the result is complete, each:
 *
 * size    field
 * 1 to 3  length of the block, varint, from 1 to 1 MiB
 * 1 to 3  length of what is here of it, varint: the same, then the block is here as it is; or less, then as a brotli stream
 * n       the block (core/delta/block.ts), or the brotli stream
 *
 * Does not decompress, does not look into blocks, and does not know when the result is complete.
 *
 * @module
 */
import { concatBytes } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';
import { MAX_DELTA_BLOCK_BYTES, MAX_PROGRAM_BYTES } from '../base/limits.ts';
import { createVarintReader, encodeVarint } from './varint.ts';

export const DELTA_VERSION = 1;

export interface DeltaSizes {
  readonly baseSizeBytes: number;
  readonly resultSizeBytes: number;
}

/** A block as it stands in the delta. */
export interface PackedBlock {
  /** Length of the block. */
  readonly sizeBytes: number;
  /** As long as the block: the block itself. Shorter: a brotli stream of it. */
  readonly packed: Uint8Array;
}

export function malformedDelta(reason: string, options?: ErrorOptions): PeerpatchError {
  return new PeerpatchError(
    'DELTA_MALFORMED',
    `no delta for this program: ${reason}; get the release another way`,
    options,
  );
}

export function encodeDeltaHead({ baseSizeBytes, resultSizeBytes }: DeltaSizes): Uint8Array {
  return concatBytes(Uint8Array.of(DELTA_VERSION), encodeVarint(baseSizeBytes), encodeVarint(resultSizeBytes));
}

export function encodePackedBlock({ sizeBytes, packed }: PackedBlock): Uint8Array {
  return concatBytes(encodeVarint(sizeBytes), encodeVarint(packed.length), packed);
}

/** Reads a delta that arrives in pieces of any length. Holds one block at most. */
export interface DeltaReader {
  /** Takes the next piece. It must not change before `next` has returned undefined. */
  add(piece: Uint8Array): void;
  /**
   * The next block; undefined when more bytes are needed.
   *
   * @throws PeerpatchError DELTA_MALFORMED
   */
  next(): PackedBlock | undefined;
  /** To be called behind the last piece. @throws PeerpatchError DELTA_MALFORMED when the head or a block is cut off */
  end(): void;
}

/** Memory of exactly this length: what is in it is written over. */
export type TakeMemory = (length: number) => Uint8Array;

/**
 * @param expected the sizes that the delta must state
 * @param takeMemory for each block, as it stands in the delta. Default: new memory
 */
export function createDeltaReader(
  { baseSizeBytes, resultSizeBytes }: DeltaSizes,
  takeMemory: TakeMemory = (length) => new Uint8Array(length),
): DeltaReader {
  let rest: Uint8Array = new Uint8Array(0);
  let field: 'version' | 'base' | 'result' | 'size' | 'packed size' | 'packed' = 'version';
  let number = createVarintReader(MAX_PROGRAM_BYTES, malformedDelta);
  let isBetween = false; // at the end of a block, or of the head
  let sizeBytes = 0;
  let packed: Uint8Array = new Uint8Array(0);
  let filled = 0;

  const takeByte = (byte: number): void => {
    isBetween = false;
    if (field === 'version') {
      if (byte !== DELTA_VERSION) throw malformedDelta(`format version ${byte}`);
      field = 'base';
      return;
    }
    const value = number.add(byte);
    if (value === undefined) return;
    number = createVarintReader(field === 'base' ? MAX_PROGRAM_BYTES : MAX_DELTA_BLOCK_BYTES, malformedDelta);
    if (field === 'base') {
      if (value !== baseSizeBytes) throw malformedDelta(`for an old program of ${value} bytes, not ${baseSizeBytes}`);
      field = 'result';
    } else if (field === 'result') {
      if (value !== resultSizeBytes) throw malformedDelta(`it makes ${value} bytes, not ${resultSizeBytes}`);
      field = 'size';
      isBetween = true;
    } else if (field === 'size') {
      if (value === 0) throw malformedDelta('an empty block');
      sizeBytes = value;
      field = 'packed size';
    } else {
      if (value === 0 || value > sizeBytes) throw malformedDelta(`${value} bytes for a block of ${sizeBytes}`);
      packed = takeMemory(value);
      filled = 0;
      field = 'packed';
    }
  };

  return {
    add: (piece) => {
      rest = piece;
    },
    next: () => {
      for (;;) {
        const [byte] = rest;
        if (byte === undefined) return undefined;
        if (field === 'packed') {
          const taken = rest.subarray(0, packed.length - filled);
          packed.set(taken, filled);
          filled += taken.length;
          rest = rest.subarray(taken.length);
          if (filled < packed.length) return undefined;
          field = 'size';
          isBetween = true;
          return { sizeBytes, packed };
        }
        rest = rest.subarray(1);
        takeByte(byte);
      }
    },
    end: () => {
      if (!isBetween) throw malformedDelta('it is cut off');
    },
  };
}
