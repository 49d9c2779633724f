/**
 * Cuts what a block of a delta makes into steps of bounded size, each with the parts of the old program it needs.
 *
 * @module
 */
import type { BlockReader } from '../../core/delta/block.ts';
import { MAX_LOADED_PAGES, PAGE_BYTES, type BasePages } from './base-pages.ts';

/** What one step makes at most. */
export const STEP_BYTES: number = 1024 ** 2;
/** A step of tiny operations ends early as well: one of a few bytes each would hold a million. */
const MAX_PIECES = 65_536;

/** Some bytes written out, then some copied. */
interface Piece {
  readonly literalLength: number;
  readonly copyLength: number;
  readonly baseAt: number;
  /** Bytes of the same copy that come with the next steps. */
  readonly leftBehind: number;
}

export interface DeltaStep {
  readonly sizeBytes: number;
  /** Pages of the base. */
  readonly pages: ReadonlySet<number>;
  /** Makes the step's bytes. Steps must be made in their order, each once. */
  make(target: Uint8Array, pages: BasePages): void;
}

/** @throws PeerpatchError DELTA_MALFORMED */
export function* stepsOf(block: BlockReader): Generator<DeltaStep, void, undefined> {
  let pieces: Piece[] = [];
  let pages = new Set<number>();
  let sizeBytes = 0;
  const take = (): DeltaStep => {
    const step = stepOf(block, pieces, pages, sizeBytes);
    [pieces, pages, sizeBytes] = [[], new Set(), 0];
    return step;
  };
  const isFull = (): boolean =>
    sizeBytes === STEP_BYTES || pages.size === MAX_LOADED_PAGES || pieces.length === MAX_PIECES;

  for (let operation = block.nextOperation(); operation !== undefined; operation = block.nextOperation()) {
    let { literalLength, copyLength, baseAt } = operation;
    while (literalLength > 0 || copyLength > 0) {
      const literals = Math.min(literalLength, STEP_BYTES - sizeBytes);
      literalLength -= literals;
      sizeBytes += literals;
      let copied = 0;
      while (literalLength === 0 && copied < copyLength && sizeBytes < STEP_BYTES) {
        const page = Math.floor((baseAt + copied) / PAGE_BYTES);
        if (!pages.has(page) && pages.size === MAX_LOADED_PAGES) break;
        pages.add(page);
        const inPage = (page + 1) * PAGE_BYTES - baseAt - copied;
        const length = Math.min(inPage, copyLength - copied, STEP_BYTES - sizeBytes);
        copied += length;
        sizeBytes += length;
      }
      pieces.push({ literalLength: literals, copyLength: copied, baseAt, leftBehind: copyLength - copied });
      copyLength -= copied;
      baseAt += copied;
      if (isFull()) yield take();
    }
  }
  if (pieces.length > 0) yield take();
}

function stepOf(
  block: BlockReader,
  pieces: readonly Piece[],
  needed: ReadonlySet<number>,
  sizeBytes: number,
): DeltaStep {
  return {
    sizeBytes,
    pages: needed,
    make: (target, pages) => {
      let at = 0;
      for (const { literalLength, copyLength, baseAt, leftBehind } of pieces) {
        target.set(block.literals(literalLength), at);
        at += literalLength;
        const copied = target.subarray(at, at + copyLength);
        pages.copyTo(copied, baseAt);
        block.corrector.correct(copied, leftBehind);
        at += copyLength;
      }
    },
  };
}
