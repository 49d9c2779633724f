/**
 * A list of copies: which parts of the new program lie where in the old one, approximately. Packed, because there are
 * hundreds of thousands. What lies between two copies is written out.
 *
 * @module
 */

/** In the order of the new program, without overlap. */
export interface Copies {
  readonly count: number;
  /** Where the copy begins in the new program. */
  resultAt(index: number): number;
  /** Where it begins in the old one. */
  baseAt(index: number): number;
  lengthAt(index: number): number;
}

export interface CopyList extends Copies {
  /** One that goes on where the last one ends, in both programs, makes that longer. */
  push(resultAt: number, baseAt: number, length: number): void;
  /** Three numbers a copy. A view: what is added later may not be in it. */
  numbers(): Float64Array;
}

/** @param numbers as {@link CopyList.numbers} gives them; they are not changed */
export function createCopyList(numbers: Float64Array = new Float64Array(0)): CopyList {
  let all = numbers.slice();
  let used = numbers.length;
  return {
    get count() {
      return used / 3;
    },
    resultAt: (index) => all[index * 3] ?? 0,
    baseAt: (index) => all[index * 3 + 1] ?? 0,
    lengthAt: (index) => all[index * 3 + 2] ?? 0,
    push: (resultAt, baseAt, length) => {
      const last = used === 0 ? 0 : (all[used - 1] ?? 0);
      if (last > 0 && all[used - 3] === resultAt - last && all[used - 2] === baseAt - last) {
        all[used - 1] = last + length;
        return;
      }
      if (used + 3 > all.length) {
        const larger = new Float64Array(Math.max(96, all.length * 2));
        larger.set(all);
        all = larger;
      }
      all[used++] = resultAt;
      all[used++] = baseAt;
      all[used++] = length;
    },
    numbers: () => all.subarray(0, used),
  };
}

/** The copies of all segments, which follow each other. */
export function joinCopies(segments: readonly Copies[]): CopyList {
  const joined = createCopyList();
  for (const segment of segments) {
    for (let index = 0; index < segment.count; index++)
      joined.push(segment.resultAt(index), segment.baseAt(index), segment.lengthAt(index));
  }
  return joined;
}
