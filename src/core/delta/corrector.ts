/**
 * Corrects copied bytes: adds the words of a block to them.
 *
 * In code that was moved, addresses are what differs. A word is the difference of 32-bit little-endian numbers, new minus
 * old modulo 2^32, that begin at the first byte that differs. Fewer bytes at the end of a copy: there it is the
 * difference of so much shorter numbers.
 *
 * Spec: docs/spec/13-delta.md.
 *
 * @module
 */
import { malformedDelta } from './format.ts';
import type { SectionReader } from './section.ts';

/** Bytes of a word. */
export const WORD_BYTES = 4;

export interface Corrector {
  /**
   * Corrects `bytes` in place: the next ones that were copied.
   *
   * @param leftBehind bytes of the same copy that are still to come behind them
   * @throws PeerpatchError DELTA_MALFORMED
   */
  correct(bytes: Uint8Array, leftBehind: number): void;
  /** @throws PeerpatchError DELTA_MALFORMED when corrections are left over */
  end(): void;
}

/** No correction is waited for. */
const NONE = -1;

/** @param gaps copied bytes between a correction and the one before, or the block's start @param words the differences */
export function createCorrector(gaps: SectionReader, words: SectionReader): Corrector {
  let gap = NONE; // bytes before the next correction
  let word = 0; // what is left to add
  let wordBytes = 0; // to so many bytes
  let carry = 0;

  const nextGap = (): number => (gaps.left > 0 ? gaps.varint() : NONE);
  const beginWord = (copyLeft: number): void => {
    wordBytes = Math.min(WORD_BYTES, copyLeft);
    carry = 0;
    const folded = words.varint();
    if (folded > 0xffffffff) throw malformedDelta('a word of more than 32 bits');
    word = (folded >>> 1) ^ -(folded & 1);
    // One form only: the first byte differs, and nothing is said of bytes behind the copy.
    if ((word & 0xff) === 0) throw malformedDelta('a word that begins too early');
    const unused = 32 - 8 * wordBytes;
    if ((word << unused) >> unused !== word) throw malformedDelta('a word that reaches behind its copy');
  };

  return {
    correct: (bytes, leftBehind) => {
      let at = 0;
      for (;;) {
        for (; wordBytes > 0 && at < bytes.length; wordBytes--, at++) {
          const sum = (bytes[at] ?? 0) + (word & 0xff) + carry;
          bytes[at] = sum;
          carry = sum >>> 8;
          word >>>= 8;
        }
        if (at === bytes.length) return;
        if (gap === NONE) gap = nextGap();
        if (gap === NONE) return;
        if (gap >= bytes.length - at) {
          gap -= bytes.length - at;
          return;
        }
        at += gap;
        gap = NONE;
        beginWord(bytes.length - at + leftBehind);
      }
    },
    end: () => {
      if (gap !== NONE || gaps.left > 0 || words.left > 0) throw malformedDelta('corrections behind the last copy');
    },
  };
}
