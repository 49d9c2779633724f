import { describe, expect, it } from 'vitest';
import { createBasePages, PAGE_BYTES } from '../../../src/agent/delta/base-pages.ts';
import { noise } from '../../support/delta-samples.ts';

function scene(sizeBytes: number, resultSizeBytes = sizeBytes) {
  const base = noise(sizeBytes);
  const reads: [offset: number, length: number][] = [];
  const read = (offset: number, length: number): Promise<Uint8Array> => {
    reads.push([offset, length]);
    return Promise.resolve(base.slice(offset, offset + length));
  };
  const pages = createBasePages({ sizeBytes, read }, resultSizeBytes);
  const copied = (baseAt: number, length: number): Uint8Array => {
    const target = new Uint8Array(length);
    pages.copyTo(target, baseAt);
    return target;
  };
  return { base, pages, reads, copied };
}

describe('pages of the base', () => {
  it('are read at once where they follow each other, the last one up to the end', async () => {
    const { base, pages, reads, copied } = scene(10 * PAGE_BYTES + 77);
    await pages.load(new Set([10, 3, 9, 4]));
    expect(reads).toEqual([
      [3 * PAGE_BYTES, 2 * PAGE_BYTES],
      [9 * PAGE_BYTES, PAGE_BYTES + 77],
    ]);
    expect(copied(4 * PAGE_BYTES - 100, 200)).toEqual(base.slice(4 * PAGE_BYTES - 100, 4 * PAGE_BYTES + 100));
    expect(copied(10 * PAGE_BYTES + 70, 7)).toEqual(base.slice(-7));
  });

  it('are not read again while there is room', async () => {
    const { pages, reads } = scene(10 * PAGE_BYTES);
    await pages.load(new Set([1, 2]));
    await pages.load(new Set([2, 3]));
    expect(reads).toEqual([
      [PAGE_BYTES, 2 * PAGE_BYTES],
      [3 * PAGE_BYTES, PAGE_BYTES],
    ]);
  });

  it('take the place of those that were used the longest time ago', async () => {
    const { base, pages, reads, copied } = scene(700 * PAGE_BYTES);
    const range = (from: number, to: number) => new Set(Array.from({ length: to - from }, (_, index) => from + index));
    for (let from = 0; from < 320; from += 160) await pages.load(range(from, from + 160));
    await pages.load(range(0, 160));
    await pages.load(range(500, 660));
    reads.length = 0;
    await pages.load(range(0, 160));
    expect(reads).toEqual([]);
    await pages.load(new Set([160]));
    expect(reads).toHaveLength(1);
    for (const page of [0, 159, 160, 501, 659])
      expect(copied(page * PAGE_BYTES, 50)).toEqual(base.slice(page * PAGE_BYTES, page * PAGE_BYTES + 50));
  });

  it('are refused when the base is shorter than it said', async () => {
    const pages = createBasePages({ sizeBytes: 100, read: () => Promise.resolve(new Uint8Array(99)) }, 100);
    await expect(pages.load(new Set([0]))).rejects.toThrow('99 bytes of the base instead of 100');
  });

  it('are read once all together, and beyond that 64 times what is made of them', async () => {
    const count = 400; // more than there is room for
    const { pages, reads } = scene(count * PAGE_BYTES, PAGE_BYTES);
    const readPages = () => reads.reduce((sum, [, length]) => sum + length, 0) / PAGE_BYTES;
    for (let page = 0; page < count; page++) await pages.load(new Set([page]));
    for (let page = 0; page < 64; page++) await pages.load(new Set([page]));
    expect(readPages()).toBe(count + 64);
    await expect(pages.load(new Set([64]))).rejects.toMatchObject({ code: 'DELTA_MALFORMED' });
    expect(readPages()).toBe(count + 64);
  });
});
