/**
 * Random deltas: refused with DELTA_MALFORMED, or applied within bounded time, memory and output.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPeerpatchError } from '../../src/core/base/errors.ts';
import { concatBytes } from '../../src/core/base/bytes.ts';
import {
  blockOf,
  deltaOf,
  editedPrograms,
  noise,
  plainDelta,
  resultOf,
  type BlockParts,
} from '../support/delta-samples.ts';
import { bytesNear, FUZZ_RUNS, regressions } from '../support/fuzz.ts';

const BASE = noise(3000);
const RESULT = concatBytes(
  BASE.subarray(100, 2000),
  noise(50, 2),
  BASE.subarray(1500).map((byte, index) => (index % 20 === 0 ? byte + 3 : byte)),
);
const SIZES = { baseSizeBytes: BASE.length, resultSizeBytes: RESULT.length };
const COMPRESSED = await deltaOf(BASE, RESULT);
const PARTS = {
  literalLengths: [3, 0, 1],
  copyLengths: [500, 700, 0],
  seeks: [20, -300, 0],
  gaps: [7, 0, 640],
  words: [1, -70_000, 2 ** 30 + 1],
  literals: Uint8Array.of(1, 2, 3, 4),
};
const PLAIN = plainDelta({ ...SIZES, resultSizeBytes: 1204 }, blockOf(PARTS));

/** More than what is held of a base in memory. */
const LARGE_BASE_BYTES = 40 * 1024 ** 2;

async function check(delta: Uint8Array, resultSizeBytes: number, baseSizeBytes = BASE.length): Promise<void> {
  let writtenBytes = 0;
  let readBytes = 0;
  const write = (bytes: Uint8Array): Promise<void> => {
    writtenBytes += bytes.length;
    expect(writtenBytes).toBeLessThanOrEqual(resultSizeBytes);
    return Promise.resolve();
  };
  const read = (offset: number, length: number): Promise<Uint8Array> => {
    expect(offset >= 0 && length > 0 && offset + length <= baseSizeBytes).toBe(true);
    readBytes += length;
    expect(readBytes).toBeLessThanOrEqual(baseSizeBytes + 64 * resultSizeBytes);
    return Promise.resolve(
      baseSizeBytes === BASE.length ? BASE.slice(offset, offset + length) : new Uint8Array(length),
    );
  };
  try {
    const base = { sizeBytes: baseSizeBytes, read };
    await resultOf(BASE, delta, { resultSizeBytes, baseSizeBytes, write, base });
    expect(writtenBytes).toBe(resultSizeBytes);
  } catch (error) {
    if (!isPeerpatchError(error, 'DELTA_MALFORMED')) throw error;
  }
}

describe('fuzz: delta', () => {
  it('the samples are deltas', async () => {
    expect(await resultOf(BASE, COMPRESSED, SIZES)).toEqual(RESULT);
    expect(await resultOf(BASE, PLAIN, { resultSizeBytes: 1204 })).toHaveLength(1204);
  });

  it('bytes near deltas', async () => {
    const near = fc.oneof(
      bytesNear(PLAIN).map((delta) => [delta, 1204] as const),
      bytesNear(COMPRESSED).map((delta) => [delta, RESULT.length] as const),
    );
    await fc.assert(
      fc.asyncProperty(near, ([delta, size]) => check(delta, size)),
      { numRuns: FUZZ_RUNS },
    );
  }, 600_000);

  it('blocks of any numbers', async () => {
    const numbers = fc.array(fc.oneof(fc.nat(20), fc.nat(3000), fc.nat()), { maxLength: 6 });
    const signed = fc.array(fc.oneof(fc.integer({ min: -400, max: 400 }), fc.integer()), { maxLength: 6 });
    const parts = fc.record({
      literalLengths: numbers,
      copyLengths: numbers,
      seeks: signed,
      gaps: numbers,
      words: signed,
      literals: fc.uint8Array({ maxLength: 40 }),
    });
    const run = (block: BlockParts, size: number): Promise<void> =>
      check(plainDelta({ ...SIZES, resultSizeBytes: size }, blockOf(block)), size);
    await fc.assert(
      fc.asyncProperty(parts, fc.nat(5000), (block, size) => run(block, size)),
      { numRuns: FUZZ_RUNS },
    );
  }, 600_000);

  it('copies from all over a large base', async () => {
    const run = (seed: number, count: number): Promise<void> => {
      const random = noise(4 * count, seed);
      const jumps = Array.from({ length: count }, (_, index) => {
        const [low = 0, middle = 0, high = 0, length = 0] = random.subarray(4 * index);
        const at = (high * 65_536 + middle * 256 + low) * 2;
        return [at, 1 + (length % 40)] as const;
      });
      let end = 0;
      const seeks = jumps.map(([at, length]) => {
        const seek = at - end;
        end = at + length;
        return seek;
      });
      const copyLengths = jumps.map(([, length]) => length);
      const block = blockOf({ literalLengths: jumps.map(() => 0), copyLengths, seeks });
      const resultSizeBytes = copyLengths.reduce((sum, length) => sum + length);
      const sizes = { baseSizeBytes: LARGE_BASE_BYTES, resultSizeBytes };
      return check(plainDelta(sizes, block), resultSizeBytes, LARGE_BASE_BYTES);
    };
    await fc.assert(fc.asyncProperty(fc.nat(), fc.integer({ min: 3000, max: 5000 }), run), {
      numRuns: Math.ceil(FUZZ_RUNS / 500),
    });
  }, 600_000);

  it('edited programs, whole', async () => {
    const blockBytes = fc.integer({ min: 60, max: 2000 });
    const run = async ([base, result]: readonly [Uint8Array, Uint8Array], limit: number): Promise<void> => {
      expect(await resultOf(base, await deltaOf(base, result, limit), { resultSizeBytes: result.length })).toEqual(
        result,
      );
    };
    await fc.assert(fc.asyncProperty(editedPrograms, blockBytes, run), { numRuns: Math.ceil(FUZZ_RUNS / 20) });
  }, 600_000);

  it.each(regressions('delta'))('regression: %s', async (_name, delta) => {
    await check(delta, 1204);
    await check(delta, RESULT.length);
  });
});
