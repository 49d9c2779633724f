/**
 * Cuts the region out of a program as it streams by. Spec: docs/spec/02-stamp.md.
 *
 * The bound must occur exactly twice in the whole file, 148 bytes apart. Holds up to 27 bytes of what went by: they may be the
 * beginning of a bound. Does not look at what the region says.
 *
 * @module
 */
import { concatBytes } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';
import { createFinder } from './finder.ts';
import { BOUND_BYTES, boundBytes } from './marker.ts';
import { BOUND_DISTANCE, REGION_BYTES } from './region.ts';

export interface CutRegion {
  /** 176 bytes, as they stand in the file. */
  readonly region: Uint8Array;
  readonly regionOffset: number;
}

export interface Cutter {
  /** @throws PeerpatchError STAMP_MALFORMED */
  update(piece: Uint8Array): void;
  /** The region's bytes as soon as they have all been seen. */
  readonly region: Uint8Array | undefined;
  /** @throws PeerpatchError STAMP_MISSING, STAMP_MALFORMED */
  finish(): CutRegion;
}

/** @param onSigned is given all bytes but the region's, in order; they are only valid during the call */
export function createCutter(onSigned: (bytes: Uint8Array) => void): Cutter {
  const bounds = createFinder(boundBytes());
  const region = new Uint8Array(REGION_BYTES);
  let start: number | undefined;
  let boundCount = 0;
  let received = 0;
  let passed = 0; // given to onSigned or copied into the region; the rest is in `held`
  let held: Uint8Array = new Uint8Array();

  const noteBound = (offset: number): void => {
    boundCount++;
    start ??= offset;
    if (boundCount > 2) throw malformed(`it has a third bound at offset ${offset}`);
    if (boundCount === 2 && offset !== start + BOUND_DISTANCE) {
      throw malformed(`its second bound is at offset ${offset} instead of ${start + BOUND_DISTANCE}`);
    }
  };

  const pass = (bytes: Uint8Array): void => {
    const within = (offset: number): number => Math.min(Math.max(offset - passed, 0), bytes.length);
    const from = within(start ?? Infinity);
    const to = within(start === undefined ? Infinity : start + REGION_BYTES);
    if (from > 0) onSigned(bytes.subarray(0, from));
    if (start !== undefined && from < to) region.set(bytes.subarray(from, to), passed + from - start);
    if (to < bytes.length) onSigned(bytes.subarray(to));
    passed += bytes.length;
  };

  return {
    update(piece) {
      bounds.update(piece, noteBound);
      const pieceStart = received;
      received += piece.length;
      if (start !== undefined && boundCount === 1 && received >= start + REGION_BYTES)
        throw malformed('its second bound is missing');
      const safe = start === undefined ? received - (BOUND_BYTES - 1) : received;
      const ofHeld = Math.min(Math.max(safe - passed, 0), held.length);
      const ofPiece = Math.max(safe - pieceStart, 0);
      pass(held.subarray(0, ofHeld));
      pass(piece.subarray(0, ofPiece));
      held = concatBytes(held.subarray(ofHeld), piece.subarray(ofPiece));
    },
    get region() {
      return start !== undefined && passed >= start + REGION_BYTES ? region.slice() : undefined;
    },
    finish() {
      if (start === undefined) {
        throw new PeerpatchError(
          'STAMP_MISSING',
          'no region for a release in this file: build the program with "peerpatch build" or with rustpatcher',
        );
      }
      if (passed < start + REGION_BYTES) throw malformed('the file ends inside it');
      return { region: region.slice(), regionOffset: start };
    },
  };
}

function malformed(reason: string): PeerpatchError {
  return new PeerpatchError(
    'STAMP_MALFORMED',
    `the program's region cannot be used: ${reason}; build and sign it again`,
  );
}
