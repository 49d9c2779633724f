import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes } from '../../../src/core/base/bytes.ts';
import { MAX_CHUNK_BYTES } from '../../../src/core/base/limits.ts';
import { brotli } from '../../../src/io/system/brotli.ts';
import { stream } from '../../support/manifest-samples.ts';

const BYTES = concatBytes(stream('brotli', 50_000), new Uint8Array(50_000));
const STREAM = await brotli.compress(BYTES, 5);
const ONE = await brotli.compress(Uint8Array.of(1), 5);
const MALFORMED = { code: 'CONTENT_MALFORMED' };

describe('brotli', () => {
  it.each([0, 5, 11])('brings back what it compressed, quality %d', async (quality) => {
    const compressed = await brotli.compress(BYTES, quality);
    expect(compressed.length).toBeLessThan(BYTES.length);
    expect(equalBytes(await brotli.decompress(compressed, BYTES.length), BYTES)).toBe(true);
  });

  it('brings back nothing, and one byte', async () => {
    for (const bytes of [new Uint8Array(), Uint8Array.of(9)])
      expect(await brotli.decompress(await brotli.compress(bytes, 5), bytes.length)).toEqual(bytes);
  });

  it('brings back more than one step of its output', async () => {
    const large = new Uint8Array(3 * 1024 ** 2 + 1).fill(5);
    const result = await brotli.decompress(await brotli.compress(large, 5), large.length);
    expect(equalBytes(result, large)).toBe(true);
  });

  it('takes the window of 64 KiB for chunks on the wire alone', async () => {
    const chunk = stream('chunk', MAX_CHUNK_BYTES);
    const isSmall = async (bytes: Uint8Array, quality: number): Promise<boolean> =>
      (((await brotli.compress(bytes, quality))[0] ?? 0) & 1) === 0; // RFC 7932 section 9.1: a stream with 16 bits begins so
    expect(await isSmall(chunk, 5)).toBe(true);
    expect(await isSmall(chunk, 11)).toBe(false);
    expect(await isSmall(concatBytes(chunk, chunk), 5)).toBe(false);
  });

  it('gives plain byte arrays: slice copies', async () => {
    const result = await brotli.decompress(STREAM, BYTES.length);
    result.slice(0, 1).fill(result[0] === 1 ? 2 : 1);
    expect(Object.getPrototypeOf(result)).toBe(Uint8Array.prototype);
    expect(equalBytes(result, BYTES)).toBe(true);
  });

  const malformed: [name: string, bytes: Uint8Array, maxBytes: number][] = [
    ['one byte more than allowed', STREAM, BYTES.length - 1],
    ['anything where nothing is allowed', STREAM, 0],
    ['one byte where nothing is allowed', ONE, 0],
    ['a stream cut short', STREAM.subarray(0, -1), BYTES.length],
    ['a byte behind the end', concatBytes(STREAM, Uint8Array.of(0)), BYTES.length],
    ['two streams', concatBytes(STREAM, STREAM), BYTES.length * 2],
    ['nothing', new Uint8Array(), BYTES.length],
    ['no brotli', stream('no brotli', 1000), BYTES.length],
  ];
  it.each(malformed)('rejects: %s', async (_name, bytes, maxBytes) => {
    await expect(brotli.decompress(bytes, maxBytes)).rejects.toMatchObject(MALFORMED);
  });

  it('stops a bomb at the limit', async () => {
    const bomb = await brotli.compress(new Uint8Array(64 * 1024 ** 2), 5);
    const before = process.memoryUsage().rss;
    await expect(brotli.decompress(bomb, 128 * 1024)).rejects.toMatchObject(MALFORMED);
    expect(bomb.length).toBeLessThan(1000);
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 1024 ** 2);
  });
});
