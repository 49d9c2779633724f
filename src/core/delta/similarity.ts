/**
 * How far two places go on alike: the arithmetic below the matcher.
 *
 * Moved machine code is the same but for the addresses in it, so that "alike" allows for some bytes that differ. A score is
 * the number of bytes that are the same minus the number of those that are not.
 *
 * @module
 */

/** A score that fell so far below its best does not recover. */
const GIVE_UP_FORWARD = 24;
const GIVE_UP_BACKWARD = 16;
/** Bytes ahead that decide between places. */
export const LOOK_AHEAD = 1024;

export interface Pair {
  readonly base: Uint8Array;
  readonly result: Uint8Array;
  readonly baseView: DataView;
  readonly resultView: DataView;
}

export function pairOf(base: Uint8Array, result: Uint8Array): Pair {
  return { base, result, baseView: viewOf(base), resultView: viewOf(result) };
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The first place from `at` on where the two differ, at most `end`. `shift` is base place minus result place. */
export function skipEqual(
  { baseView, resultView, base, result }: Pair,
  at: number,
  shift: number,
  end: number,
): number {
  const stop = Math.min(end, base.length - shift);
  const lastWord = stop - 4;
  while (at <= lastWord && resultView.getInt32(at, true) === baseView.getInt32(at + shift, true)) at += 4;
  while (at < stop && result[at] === base[at + shift]) at++;
  return at;
}

/** Bytes that differ among the next `length`; those behind an end count as different. */
export function countDifferent({ base, result }: Pair, at: number, shift: number, length: number): number {
  const inside = Math.min(length, result.length - at, base.length - shift - at);
  let different = length - inside;
  for (let i = 0; i < inside; i++) if (result[at + i] !== base[at + shift + i]) different++;
  return different;
}

/** Bytes compared so far. */
export interface Effort {
  bytes: number;
}

/** The best score that a stretch from here on has, of at most {@link LOOK_AHEAD} bytes. It stops where `enough` is reached. */
export function scoreForward(pair: Pair, at: number, baseAt: number, enough: number, effort: Effort): number {
  const { base, result, baseView, resultView } = pair;
  const end = Math.min(LOOK_AHEAD, result.length - at, base.length - baseAt);
  let score = 0;
  let best = 0;
  let i = 0;
  while (i < end) {
    if (i + 4 <= end && resultView.getInt32(at + i, true) === baseView.getInt32(baseAt + i, true)) {
      score += 4;
      i += 4;
    } else if (result[at + i] === base[baseAt + i]) {
      score++;
      i++;
    } else {
      score--;
      i++;
      if (score < best - GIVE_UP_FORWARD) break;
      continue;
    }
    if (score > best) {
      best = score;
      if (best >= enough) break;
    }
  }
  effort.bytes += i;
  return best;
}

/** Where a copy that ends at `end` should end instead: without a tail in which most bytes differ. */
export function trimEnd({ base, result }: Pair, start: number, end: number, shift: number, reach: number): number {
  let score = 0;
  let best = 0;
  let trimmed = end;
  const low = Math.max(start, end - reach);
  for (let i = end - 1; i >= low; i--) {
    score += i + shift < base.length && result[i] === base[i + shift] ? -1 : 1;
    if (score > best) {
      best = score;
      trimmed = i;
    }
    if (score < best - GIVE_UP_BACKWARD) break;
  }
  return trimmed;
}

/**
 * Where a copy with `shift` that was found at `at` should begin: as far back as it beats what is there, which is the copy
 * with `oldShift`, or bytes written out.
 */
export function extendBack(
  { base, result }: Pair,
  {
    at,
    shift,
    low,
    oldShift,
  }: { readonly at: number; readonly shift: number; readonly low: number; readonly oldShift: number | undefined },
): number {
  let gain = 0;
  let best = 0;
  let begin = at;
  for (let i = at - 1; i >= low && i + shift >= 0; i--) {
    const same = result[i] === base[i + shift];
    if (oldShift === undefined) gain += same ? 1 : -1;
    else gain += (same ? 1 : 0) - (i + oldShift < base.length && result[i] === base[i + oldShift] ? 1 : 0);
    if (gain > best) {
      best = gain;
      begin = i;
    }
    if (gain < best - GIVE_UP_BACKWARD) break;
  }
  return begin;
}
