/**
 * The parts of the search for copies, each a message to a thread and its answer.
 *
 * @module
 */
import { countPlaces, enterPlaces, type BlockIndex, type BucketRange } from '../../core/delta/block-index.ts';
import { matchSegment } from '../../core/delta/match.ts';
import { pairOf } from '../../core/delta/similarity.ts';

/** What all threads see, in shared memory. */
export interface MatchMemory {
  readonly base: Uint8Array;
  readonly result: Uint8Array;
  readonly index: BlockIndex;
}

export type MatchTask =
  | { readonly kind: 'count'; readonly buckets: BucketRange }
  | { readonly kind: 'enter'; readonly buckets: BucketRange }
  | { readonly kind: 'match'; readonly from: number; readonly to: number };

/** Carries out one task after the other. The answer to `match` are the numbers of the copies; to the others nothing. */
export function matchTasks({ base, result, index }: MatchMemory): (task: MatchTask) => Float64Array {
  const pair = pairOf(base, result);
  const nothing = new Float64Array(0);
  return (task) => {
    switch (task.kind) {
      case 'count':
        countPlaces(pair.baseView, index, task.buckets);
        return nothing;
      case 'enter':
        enterPlaces(pair.baseView, index, task.buckets);
        return nothing;
      case 'match':
        // A copy: what the list holds beyond its end would travel as well.
        return matchSegment({ ...pair, index }, task.from, task.to)
          .numbers()
          .slice();
    }
  };
}
