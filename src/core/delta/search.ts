/**
 * Looks for the place of the old program that goes on most like the new one does from a given place. Part of the encoder
 * only: what a delta means does not depend on it.
 *
 * @module
 */
import { bucketOf, STEP_BYTES, tagOf, type BlockIndex } from './block-index.ts';
import { SEED_BYTES, sameSeed, seedHash } from './seed-hash.ts';
import { scoreForward, type Effort, type Pair } from './similarity.ts';

export interface MatchInput extends Pair {
  readonly index: BlockIndex;
}

export interface Search {
  /**
   * Looks for what comes from `at` on, of which {@link SEED_BYTES} must be inside.
   *
   * @param expected where in the base it should be: places near it cost less
   * @returns whether there is such a place. The fields say which, until the next look
   */
  find(at: number, expected: number): boolean;
  readonly baseAt: number;
  /** Bytes that it has in common, minus those that differ and what reaching it costs. 0 when nothing was found. */
  readonly score: number;
}

/** Places of a bucket that are looked at, those around the expected one, whatever bytes they begin with. */
const CANDIDATES = 16;
/** What a place costs that is not near: in bytes of score, the length of the number that says where it is. */
const FAR_COST = 22;
const NEAR_BYTES = 65_536;

/** @param effort counts what is compared */
export function createSearch(input: MatchInput, effort: Effort): Search {
  const { baseView, resultView, index } = input;
  const { starts, entries, tagBits } = index;
  const mask = 2 ** tagBits - 1;
  let baseAt = -1;
  let best = 0;

  /** The first of the entries from `low` to `high` whose place is not before `place`. */
  const firstFrom = (place: number, low: number, high: number): number => {
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((entries[middle] ?? 0) >>> tagBits < place) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  return {
    find: (at, expected) => {
      baseAt = -1;
      best = 0;
      const hash = seedHash(resultView, at);
      const bucket = bucketOf(hash, index);
      let low = starts[bucket] ?? 0;
      let high = starts[bucket + 1] ?? 0;
      if (low === high) return false;
      if (high - low > CANDIDATES) {
        const nearest = firstFrom(Math.floor(expected / STEP_BYTES), low, high);
        low = Math.max(low, Math.min(nearest - CANDIDATES / 2, high - CANDIDATES));
        high = low + CANDIDATES;
      }
      const tag = tagOf(hash, index);
      for (let i = low; i < high; i++) {
        const entry = entries[i] ?? 0;
        if ((entry & mask) !== tag) continue;
        const candidate = (entry >>> tagBits) * STEP_BYTES;
        if (!sameSeed(resultView, at, baseView, candidate)) continue;
        const cost = Math.abs(candidate - expected) < NEAR_BYTES ? 0 : FAR_COST;
        const score = scoreForward(input, at, candidate, Infinity, effort) - cost;
        if (score > best) {
          best = score;
          baseAt = candidate;
        }
      }
      return baseAt >= 0;
    },
    get baseAt() {
      return baseAt;
    },
    get score() {
      return best;
    },
  };
}

/** The last place that can be looked for. */
export function lastSeedOf({ result }: Pair): number {
  return result.length - SEED_BYTES;
}
