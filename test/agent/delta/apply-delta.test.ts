import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { encodeDeltaHead, encodePackedBlock } from '../../../src/core/delta/format.ts';
import { brotli } from '../../../src/io/system/brotli.ts';
import {
  blockOf,
  deltaOf,
  editedPrograms,
  noise,
  pieces,
  plainDelta,
  resultOf,
  type Applied,
} from '../../support/delta-samples.ts';
import { hexdump } from '../../support/hexdump.ts';

const BASE = noise(3_000_000);

/** Applied as it is meant to be. */
function apply(
  base: Uint8Array,
  delta: Uint8Array,
  resultSizeBytes: number,
  options: Applied = {},
): Promise<Uint8Array> {
  return resultOf(base, delta, { resultSizeBytes, ...options });
}

describe('applying a delta', () => {
  it('reads the example', async () => {
    const delta = hexdump(`
      01           # format version
      14 0e        # base of 20 bytes, result of 14
      0e 0e        # a block of 14 bytes, as it is
      0202020101   # lengths of its sections
      0100         # literal lengths: 1, 0
      0805         # copy lengths: 8, 5
      0405         # seeks: 2 behind 0 + 1; -3 behind 11
      03           # gap: 3
      04           # word: 2
      58           # literals
    `);
    const base = Uint8Array.from({ length: 20 }, (_, index) => index);
    expect([...(await apply(base, delta, 14))]).toEqual([0x58, 3, 4, 5, 8, 7, 8, 9, 10, 8, 9, 10, 11, 12]);
  });

  it('makes any new program from any old one', async () => {
    const run = async (
      [base, result]: readonly [Uint8Array, Uint8Array],
      blockBytes: number,
      pieceBytes: number,
    ): Promise<void> => {
      const delta = await deltaOf(base, result, blockBytes, 1700);
      expect(await apply(base, delta, result.length, { pieceBytes })).toEqual(result);
    };
    const sizes = fc.integer({ min: 60, max: 3000 });
    await fc.assert(fc.asyncProperty(editedPrograms, sizes, fc.integer({ min: 1, max: 3000 }), run), { numRuns: 200 });
  }, 60_000);

  const pairs: [name: string, base: Uint8Array, result: Uint8Array, maxBytes: number][] = [
    ['identical', BASE, BASE, 30],
    ['both empty', new Uint8Array(0), new Uint8Array(0), 3],
    ['from nothing', new Uint8Array(0), noise(1000, 4), 1100],
    ['to nothing', BASE, new Uint8Array(0), 6],
    ['to less', BASE, BASE.subarray(1_000_001, 1_100_000), 40],
    ['to a few bytes', BASE, noise(3, 4), 30],
    ['nothing in common', BASE.subarray(0, 500_000), noise(2_500_000, 4), 2_500_100],
    ['parts in another order', BASE, concatBytes(BASE.subarray(1_234_567), BASE.subarray(0, 1_234_567)), 50],
    [
      'moved by a byte, with a few changes',
      BASE,
      concatBytes(Uint8Array.of(9), BASE.subarray(0, 2_000_000), noise(9, 5), BASE.subarray(2_000_000)),
      80,
    ],
  ];
  it.each(pairs)('%s', async (_name, base, result, maxBytes) => {
    const delta = await deltaOf(base, result);
    expect(delta.length).toBeLessThanOrEqual(maxBytes);
    expect(Buffer.compare(await apply(base, delta, result.length, { pieceBytes: 100_000 }), result)).toBe(0);
  });

  it('does not touch what is being written', async () => {
    const made: Uint8Array[] = [];
    const write = async (bytes: Uint8Array): Promise<void> => {
      await setImmediate();
      made.push(bytes.slice());
    };
    await apply(BASE, await deltaOf(BASE, BASE), BASE.length, { write });
    expect(Buffer.compare(concatBytes(...made), BASE)).toBe(0);
  });

  it('jumps about in the base with many small copies, and asks for no byte outside it', async () => {
    const order = [...noise(40_000, 7)].map((byte, index) => (byte * 11_731 + index * 7919) % (BASE.length - 20));
    const sizes = { baseSizeBytes: BASE.length, resultSizeBytes: order.length * 20 };
    let expected = 0;
    const seeks = order.map((place) => {
      const seek = place - expected;
      expected = place + 20;
      return seek;
    });
    const block = blockOf({ literalLengths: order.map(() => 0), copyLengths: order.map(() => 20), seeks });
    let isReading = false;
    const memory = new Uint8Array(1024 ** 2);
    const made = await apply(BASE, plainDelta(sizes, block), sizes.resultSizeBytes, {
      base: {
        sizeBytes: BASE.length,
        read: async (offset, length) => {
          expect(offset >= 0 && length > 0 && offset + length <= BASE.length).toBe(true);
          expect(isReading).toBe(false);
          isReading = true;
          await Promise.resolve();
          isReading = false;
          memory.set(BASE.subarray(offset, offset + length)); // used again for each read
          return memory.subarray(0, length);
        },
      },
    });
    expect(Buffer.compare(made, concatBytes(...order.map((place) => BASE.subarray(place, place + 20))))).toBe(0);
  });
});

describe('applying a delta that is not right', () => {
  const sizes = { baseSizeBytes: 100, resultSizeBytes: 10 };
  const base = BASE.subarray(0, 100);
  const good = blockOf({ literalLengths: [0], copyLengths: [10], seeks: [5] });
  const malformed: [name: string, delta: Uint8Array, options?: Applied][] = [
    ['empty', new Uint8Array(0)],
    ['for another base', plainDelta({ ...sizes, baseSizeBytes: 101 }, good)],
    ['for another result', plainDelta({ ...sizes, resultSizeBytes: 11 }, good)],
    [
      'the base has another size than what the owner says of it',
      plainDelta({ ...sizes, baseSizeBytes: 99 }, good),
      { baseSizeBytes: 99 },
    ],
    ['the base has another size than announced', plainDelta(sizes, good), { baseSizeBytes: 99 }],
    ['cut off', plainDelta(sizes, good).subarray(0, -1)],
    ['a byte behind the end', concatBytes(plainDelta(sizes, good), Uint8Array.of(0))],
    ['no block', plainDelta(sizes)],
    ['a result that ends early', plainDelta(sizes, blockOf({ literalLengths: [0], copyLengths: [9], seeks: [5] }))],
    ['a block behind the end of the result', plainDelta(sizes, good, good)],
    [
      'a copy from outside the base',
      plainDelta(sizes, blockOf({ literalLengths: [0], copyLengths: [10], seeks: [91] })),
    ],
    [
      'a block that is no brotli stream',
      concatBytes(encodeDeltaHead(sizes), encodePackedBlock({ sizeBytes: 50, packed: noise(20, 3) })),
    ],
  ];
  it.each(malformed)('refuses: %s', async (_name, delta, options) => {
    await expect(apply(base, delta, 10, options)).rejects.toMatchObject({ code: 'DELTA_MALFORMED' });
  });

  it.each([
    ['more', 1],
    ['less', -1],
  ])('refuses: a block that holds %s than it says', async (_name, off) => {
    const block = blockOf({ literalLengths: [500], copyLengths: [0], seeks: [0], literals: new Uint8Array(500) });
    const packed = await brotli.compress(block, 9);
    const saying = (sizeBytes: number): Uint8Array =>
      concatBytes(encodeDeltaHead({ ...sizes, resultSizeBytes: 500 }), encodePackedBlock({ sizeBytes, packed }));
    expect(await apply(base, saying(block.length), 500)).toHaveLength(500);
    await expect(apply(base, saying(block.length + off), 500)).rejects.toMatchObject({ code: 'DELTA_MALFORMED' });
  });

  it('refuses one that has a page of a large base read for every byte it makes', async () => {
    const hostile = { baseSizeBytes: 40 * 1024 ** 2, resultSizeBytes: 3000 };
    const places = Array.from(
      { length: hostile.resultSizeBytes },
      (_, index) => (index * 65_536) % hostile.baseSizeBytes,
    );
    const seeks = places.map((place, index) => place - (index === 0 ? 0 : (places[index - 1] ?? 0) + 1));
    const block = blockOf({ literalLengths: seeks.map(() => 0), copyLengths: seeks.map(() => 1), seeks });
    let readBytes = 0;
    const read = (_offset: number, length: number): Promise<Uint8Array> => {
      readBytes += length;
      return Promise.resolve(new Uint8Array(length));
    };
    const applying = resultOf(new Uint8Array(0), plainDelta(hostile, block), {
      ...hostile,
      base: { sizeBytes: hostile.baseSizeBytes, read },
    });
    await expect(applying).rejects.toMatchObject({ code: 'DELTA_MALFORMED' });
    expect(readBytes).toBeLessThanOrEqual(hostile.baseSizeBytes + 64 * hostile.resultSizeBytes);
  });

  it('passes on what base, delta and write throw, and leaves nothing under way', async () => {
    const failure = new Error('disk');
    const delta = await deltaOf(BASE, BASE);
    const read = (): Promise<never> => Promise.reject(failure);
    await expect(apply(BASE, delta, BASE.length, { base: { sizeBytes: BASE.length, read } })).rejects.toBe(failure);
    await expect(apply(BASE, delta, BASE.length, { write: read })).rejects.toBe(failure);
    const broken = (async function* () {
      yield* pieces(delta.subarray(0, 3), 3);
      await Promise.reject(failure);
    })();
    await expect(apply(BASE, delta, BASE.length, { delta: broken })).rejects.toBe(failure);
  });

  it('stops when it is told to, and does not write any more', async () => {
    const stop = new AbortController();
    const delta = await deltaOf(BASE, BASE);
    let writes = 0;
    const applying = apply(BASE, delta, BASE.length, {
      signal: stop.signal,
      write: () => {
        writes++;
        stop.abort();
        return Promise.resolve();
      },
    });
    await expect(applying).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(writes).toBe(1);
  });
});
