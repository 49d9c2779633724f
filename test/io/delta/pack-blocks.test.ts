import { describe, expect, it } from 'vitest';
import { packBlocks } from '../../../src/io/delta/pack-blocks.ts';
import type { Compression } from '../../../src/ports/compression.ts';
import { noise } from '../../support/delta-samples.ts';

/** A compression that halves zeros, does nothing to the rest, and takes longer for earlier blocks. */
function scene() {
  const qualities: number[][] = [];
  let running = 0;
  let most = 0;
  const compression: Compression = {
    compress: async (bytes, quality) => {
      (qualities[bytes[1] ?? 0] ??= []).push(quality);
      most = Math.max(most, ++running);
      for (let turn = 0; turn < 20 - (bytes[1] ?? 0); turn++) await Promise.resolve();
      running--;
      return bytes[0] === 0 ? bytes.slice(0, bytes.length / 2) : bytes.slice();
    },
    decompress: () => Promise.reject(new Error('not here')),
  };
  return { compression, qualities, most: () => most };
}
const block = (number: number, isEasy: boolean): Uint8Array => Uint8Array.of(isEasy ? 0 : 1, number, 3, 4);

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('packing blocks', () => {
  it('gives them in their order, several at once but not more than allowed', async () => {
    const { compression, most } = scene();
    const blocks = Array.from({ length: 12 }, (_, number) => block(number, true));
    const packed = await all(packBlocks({ blocks, compression, concurrency: 3 }));
    expect(packed.map((one) => one.packed[1])).toEqual(blocks.map((one) => one[1]));
    expect(packed[0]).toEqual({ sizeBytes: 4, packed: Uint8Array.of(0, 0) });
    expect(most()).toBe(3);
  });

  it('keeps a block as it is that does not become smaller', async () => {
    const { compression } = scene();
    const blocks = [block(0, false)];
    expect(await all(packBlocks({ blocks, compression, concurrency: 1 }))).toEqual([
      { sizeBytes: 4, packed: blocks[0] },
    ]);
  });

  it('takes the best quality for the first blocks, and for what hardly becomes smaller', async () => {
    const { compression, qualities } = scene();
    const blocks = Array.from({ length: 7 }, (_, number) => block(number, number !== 5));
    await all(packBlocks({ blocks, compression, concurrency: 4 }));
    expect(qualities).toEqual([[11], [11], [11], [11], [9], [9, 11], [9]]);
  });

  it('passes on a failure after what is under way has ended', async () => {
    const { compression } = scene();
    let ended = 0;
    const failing: Compression = {
      ...compression,
      compress: async (bytes) => {
        await Promise.resolve();
        ended++;
        if (bytes[1] === 1) throw new Error('no memory');
        return bytes;
      },
    };
    const blocks = [0, 1, 2].map((number) => block(number, true));
    await expect(all(packBlocks({ blocks, compression: failing, concurrency: 3 }))).rejects.toThrow('no memory');
    expect(ended).toBe(3);
  });

  it('leaves noise alone with the real one', async () => {
    const { brotli } = await import('../../../src/io/system/brotli.ts');
    const packed = await all(packBlocks({ blocks: [noise(1000)], compression: brotli, concurrency: 1 }));
    expect(packed[0]?.packed).toHaveLength(1000);
  });
});
