/**
 * Writes the blocks of a delta (layout: core/delta/block.ts) for copies that were found.
 *
 * @module
 */
import { concatBytes } from '../base/bytes.ts';
import { MAX_DELTA_BLOCK_BYTES } from '../base/limits.ts';
import type { Copies } from './copies.ts';
import { createSectionWriter } from './section.ts';
import { skipEqual, type Pair } from './similarity.ts';
import { encodeVarint, fold, MAX_VARINT_BYTES } from './varint.ts';

/** Room for the lengths of the sections, and for one operation with one correction beyond the last look at the room. */
const SPARE_BYTES: number = (5 + 3 + 2) * MAX_VARINT_BYTES;

/**
 * The blocks of the delta that makes `pair.result` from `pair.base`, one after the other.
 *
 * @param maxBytes length of a block. Only tests give less than the limit
 */
export function* encodeBlocks(
  pair: Pair,
  copies: Copies,
  maxBytes: number = MAX_DELTA_BLOCK_BYTES,
): Generator<Uint8Array, void, undefined> {
  const block = createBlockWriter(pair, maxBytes - SPARE_BYTES);
  let at = 0; // in the result
  for (let index = 0; index <= copies.count; index++) {
    // Behind the last copy: what is left is written out.
    const isTail = index === copies.count;
    const copyAt = isTail ? pair.result.length : copies.resultAt(index);
    const shift = isTail ? 0 : copies.baseAt(index) - copyAt;
    const end = isTail ? copyAt : copyAt + copies.lengthAt(index);
    while (at < end) {
      at = block.add(at, Math.max(at, copyAt), shift, end);
      if (block.room <= 0) yield block.take();
    }
  }
  if (!block.isEmpty) yield block.take();
}

interface BlockWriter {
  /** Below 1 the block must be taken. */
  readonly room: number;
  readonly isEmpty: boolean;
  /**
   * Adds an operation: bytes up to `copyAt` written out, from there up to `end` copied. Less when the block is full.
   *
   * @returns where it stopped
   */
  add(at: number, copyAt: number, shift: number, end: number): number;
  take(): Uint8Array;
}

function createBlockWriter(pair: Pair, maxBytes: number): BlockWriter {
  const { base, result, baseView, resultView } = pair;
  const literalLengths = createSectionWriter();
  const copyLengths = createSectionWriter();
  const seeks = createSectionWriter();
  const gaps = createSectionWriter();
  const words = createSectionWriter();
  const literals = createSectionWriter();
  const numbers = [literalLengths, copyLengths, seeks, gaps, words];
  let expected = 0; // where in the base the next copy begins when nothing was inserted or removed
  let gap = 0; // copied bytes since the last correction
  const usedBytes = (): number => numbers.reduce((sum, { length }) => sum + length, literals.length);

  /** Corrects the copy of `from` to `end`. Returns where it stopped because the block is full. */
  const correct = (from: number, end: number, shift: number, mustBegin: boolean): number => {
    const otherBytes = usedBytes() - gaps.length - words.length;
    let behind = from; // the last correction
    for (let at = from; ;) {
      at = skipEqual(pair, at, shift, end);
      const isFull = (at > from || !mustBegin) && otherBytes + gaps.length + words.length >= maxBytes;
      if (at >= end || isFull) {
        gap += at - behind;
        return at;
      }
      const width = Math.min(4, end - at);
      let difference: number;
      if (width === 4) difference = (resultView.getInt32(at, true) - baseView.getInt32(at + shift, true)) | 0;
      else {
        difference = 0;
        for (let i = width - 1; i >= 0; i--)
          difference = difference * 0x100 + (result[at + i] ?? 0) - (base[at + shift + i] ?? 0);
        // As the sum modulo the width, in the range of a signed number.
        const unused = 32 - 8 * width;
        difference = (difference << unused) >> unused;
      }
      gaps.putVarint(gap + at - behind);
      words.putVarint(fold(difference));
      gap = 0;
      at += width;
      behind = at;
    }
  };

  return {
    get room() {
      return maxBytes - usedBytes();
    },
    get isEmpty() {
      return literalLengths.length === 0;
    },
    add: (at, copyAt, shift, end) => {
      const literalEnd = Math.min(copyAt, at + maxBytes - usedBytes());
      literalLengths.putVarint(literalEnd - at);
      literals.putBytes(result.subarray(at, literalEnd));
      const isCut = literalEnd < copyAt || literalEnd === end;
      const stopped = isCut ? literalEnd : correct(literalEnd, end, shift, literalEnd === at);
      copyLengths.putVarint(stopped - literalEnd);
      const baseAt = stopped > literalEnd ? literalEnd + shift : expected + literalEnd - at;
      seeks.putVarint(fold(baseAt - expected - (literalEnd - at)));
      expected = baseAt + stopped - literalEnd;
      return stopped;
    },
    take: () => {
      gap = 0;
      const lengths = numbers.map(({ length }) => encodeVarint(length));
      return concatBytes(...lengths, ...numbers.map((section) => section.take()), literals.take());
    },
  };
}
