import { describe, expect, it } from 'vitest';
import { MAX_LOADED_PAGES, PAGE_BYTES } from '../../../src/agent/delta/base-pages.ts';
import { STEP_BYTES, stepsOf, type DeltaStep } from '../../../src/agent/delta/delta-steps.ts';
import { readBlock } from '../../../src/core/delta/block.ts';
import { blockOf, type BlockParts } from '../../support/delta-samples.ts';

const SIZES = { baseSizeBytes: 2 ** 32, resultSizeBytes: 2 ** 32 };

function steps(parts: BlockParts): DeltaStep[] {
  return [...stepsOf(readBlock({ ...SIZES, block: blockOf(parts), position: { resultAt: 0, baseAt: 0 } }))];
}

describe('steps of a block', () => {
  it('make at most a mebibyte each, and all of it together', () => {
    const made = steps({
      literalLengths: [10],
      copyLengths: [3 * STEP_BYTES],
      seeks: [0],
      literals: new Uint8Array(10),
    });
    expect(made.map(({ sizeBytes }) => sizeBytes)).toEqual([STEP_BYTES, STEP_BYTES, STEP_BYTES, 10]);
  });

  it('need the pages that their copies touch, no others', () => {
    const [step] = steps({ literalLengths: [0, 0], copyLengths: [10, 2], seeks: [PAGE_BYTES - 5, 5 * PAGE_BYTES] });
    expect([...(step?.pages ?? [])]).toEqual([0, 1, 6]);
  });

  it('need a bounded number of pages, however copies jump', () => {
    const jumps = Array.from({ length: 1000 }, () => 1);
    const made = steps({
      literalLengths: jumps.map(() => 0),
      copyLengths: jumps,
      seeks: jumps.map(() => 2 * PAGE_BYTES),
    });
    expect(made.map(({ pages }) => pages.size)).toEqual([160, 160, 160, 160, 160, 160, 40]);
    expect(MAX_LOADED_PAGES).toBe(160);
    expect(made.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBe(1000);
  });

  it('hold a bounded number of pieces', () => {
    const tiny = Array.from({ length: 200_000 }, () => 1);
    const made = steps({ literalLengths: tiny.map(() => 0), copyLengths: tiny, seeks: tiny.map(() => -1).with(0, 0) });
    expect(made.map(({ sizeBytes }) => sizeBytes)).toEqual([65_536, 65_536, 65_536, 3392]);
  });

  it('do not read ahead: an operation outside the base is met after the steps before it', () => {
    const block = blockOf({ literalLengths: [0, 0], copyLengths: [STEP_BYTES, 5], seeks: [0, -(2 ** 31)] });
    const next = stepsOf(readBlock({ ...SIZES, block, position: { resultAt: 0, baseAt: 0 } }));
    expect(next.next().value?.sizeBytes).toBe(STEP_BYTES);
    expect(() => next.next()).toThrow(expect.objectContaining({ code: 'DELTA_MALFORMED' }) as Error);
  });
});
