/**
 * Finds what of the new program the old one has. Part of the encoder only: what a delta means does not depend on it.
 *
 * One pass over a segment. While a copy goes on well it is followed; where it does not, the best place in the base for what
 * comes next begins a new copy when it is worth the bytes that a new copy costs. Segments are independent: what is found does
 * not depend on how many are worked on at once.
 *
 * @module
 */
import { createCopyList, type CopyList } from './copies.ts';
import { createSearch, lastSeedOf, type MatchInput } from './search.ts';
import { countDifferent, extendBack, LOOK_AHEAD, scoreForward, skipEqual, trimEnd, type Effort } from './similarity.ts';

/** A copy goes on while at most `MAX_DIFFERENT` of the next `WINDOW` bytes differ, without looking for a better one. */
const WINDOW = 32;
const MAX_DIFFERENT = 6;
/** Bytes further on at which a still better place is looked for, and by how much it must be better. */
const LAZY_BYTES = 48;
const LAZY_GAIN = 4;
/** What a new copy costs, in bytes of score. */
const COPY_COST = 10;
/** A copy whose next bytes score less is over. */
const LOST_SCORE = 8;
/** A segment begins so much earlier, so that at its start it is where the segment before it ended. */
const WARM_UP_BYTES = 16 * 1024;
/** How far a copy's start is moved back, and how much of a bad end is taken off. */
const BACK_BYTES = 4096;
const TRIM_BYTES = 512;
/** After so many searches without a find (a power of 2) they are made at larger steps, as in data that is compressed. */
const PATIENCE_BITS = 14;
const MAX_STRIDE = 33;
/**
 * Bytes that may be compared for each byte of the segment: noise over few values is like itself everywhere, and each place
 * would be tried against each. Beyond it a search is made at every 64th byte only. Programs stay below it by far.
 */
const EFFORT_BYTES = 192;
const TIRED_STRIDE = 64;

/** Copies for the bytes of the new program from `from` to `to`. */
export function matchSegment(input: MatchInput, from: number, to: number): CopyList {
  const { base } = input;
  const copies = createCopyList();
  const effort: Effort = { bytes: 0 };
  const search = createSearch(input, effort);
  const lastSeed = lastSeedOf(input);
  const begin = Math.max(0, from - WARM_UP_BYTES);
  let pos = begin;
  // The copy that goes on, or the last one. Its shift is base place minus result place.
  const copy = { isOn: false, shift: 0, start: begin };
  let free = pos; // no copy reaches behind this: a new one may begin here
  let barren = 0; // searches since the last find

  const isTired = (): boolean => effort.bytes > EFFORT_BYTES * (pos - begin + WARM_UP_BYTES);
  const keep = (end: number): void => {
    const newStart = Math.max(copy.start, from); // what is before belongs to another segment
    if (end > newStart) copies.push(newStart, newStart + copy.shift, end - newStart);
  };
  /** Ends the copy at `end` or before. Returns where. */
  const finishCopy = (end: number): number => {
    const trimmed = trimEnd(input, copy.start, Math.min(end, base.length - copy.shift), copy.shift, TRIM_BYTES);
    keep(trimmed);
    copy.isOn = false;
    return trimmed;
  };
  /** Begins a copy at the place that was found, or at a still better one a little later. False: it is the copy there is. */
  const beginCopy = (): boolean => {
    let [at, baseAt, best] = [pos, search.baseAt, search.score];
    const lazyEnd = Math.min(pos + LAZY_BYTES, lastSeed);
    for (let next = pos + 1; next <= lazyEnd && best < LOOK_AHEAD && !isTired(); next++) {
      if (!search.find(next, next + copy.shift) || search.baseAt - next === baseAt - at) continue;
      if (search.score > best + (next - at) + LAZY_GAIN) [at, baseAt, best] = [next, search.baseAt, search.score];
    }
    pos = at;
    const newShift = baseAt - at;
    if (copy.isOn && newShift === copy.shift) return false;
    const low = Math.max(copy.isOn ? copy.start : free, at - BACK_BYTES);
    const newStart = extendBack(input, { at, shift: newShift, low, oldShift: copy.isOn ? copy.shift : undefined });
    if (copy.isOn) finishCopy(newStart);
    [copy.isOn, copy.shift, copy.start] = [true, newShift, newStart];
    return true;
  };

  while (pos < to) {
    if (copy.isOn) {
      pos = skipEqual(input, pos, copy.shift, to);
      if (pos >= to) break;
      if (pos + copy.shift >= base.length) {
        free = finishCopy(pos);
        continue;
      }
      if (countDifferent(input, pos, copy.shift, WINDOW) <= MAX_DIFFERENT) {
        pos++;
        continue;
      }
    }
    if (pos > lastSeed || (isTired() && pos % TIRED_STRIDE !== 0)) {
      pos++;
      continue;
    }
    const isFound = search.find(pos, pos + copy.shift);
    // How well the copy goes on is of interest as far as it decides.
    const rival = isFound ? search.score : LOST_SCORE;
    const score = copy.isOn ? scoreForward(input, pos, pos + copy.shift, rival, effort) : 0;
    if (isFound && search.score >= score + COPY_COST) {
      barren = 0;
      if (beginCopy()) free = pos + 1;
      pos++;
      continue;
    }
    if (copy.isOn && score < LOST_SCORE) free = finishCopy(pos);
    if (!copy.isOn) barren++;
    pos += copy.isOn ? 1 : Math.min(MAX_STRIDE, 1 + 2 * (barren >>> PATIENCE_BITS));
  }
  if (copy.isOn) keep(to);
  return copies;
}
