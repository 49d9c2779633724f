import { brotliCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import {
  decodeObject,
  encodeObject,
  maxEncodedBytes,
  openObject,
  type Decompress,
} from '../../../src/core/content/object.ts';
import { sha256 } from '../../../src/core/crypto/hash.ts';
import { brotli } from '../../../src/io/system/brotli.ts';

const BYTES = new Uint8Array(1000).fill(7);
const STREAM = new Uint8Array(brotliCompressSync(BYTES));
const decompress: Decompress = (bytes, maxBytes) => brotli.decompress(bytes, maxBytes);
const refuse: Decompress = () => Promise.reject(new Error('must not be called'));
const tagged = (tag: number, bytes: Uint8Array): Uint8Array => concatBytes(Uint8Array.of(tag), bytes);
const MALFORMED = { code: 'CONTENT_MALFORMED' };

describe('object', () => {
  it('takes the compressed form where it is shorter', () => {
    expect(encodeObject(BYTES, STREAM)).toEqual(tagged(1, STREAM));
    expect(encodeObject(BYTES)).toEqual(tagged(0, BYTES));
  });

  it('stays as it is where compression gains nothing', () => {
    expect(encodeObject(BYTES.subarray(0, 3), Uint8Array.of(1, 2, 3))).toEqual(Uint8Array.of(0, 7, 7, 7));
  });

  it('is never longer than the limit says', () => {
    expect(encodeObject(BYTES, new Uint8Array(5000))).toHaveLength(maxEncodedBytes(BYTES.length));
  });

  it('comes back in both forms', async () => {
    expect(await decodeObject(tagged(0, BYTES), 1000, refuse)).toEqual(BYTES);
    expect(await decodeObject(tagged(1, STREAM), 1000, decompress)).toEqual(BYTES);
    expect(await decodeObject(tagged(0, new Uint8Array()), 0, refuse)).toEqual(new Uint8Array());
  });

  const malformed: [name: string, encoded: Uint8Array, maxBytes: number][] = [
    ['nothing', new Uint8Array(), 1000],
    ['an unknown encoding', tagged(2, BYTES), 1000],
    ['more raw bytes than it may have', tagged(0, BYTES), 999],
    ['a stream that holds more than it may', tagged(1, STREAM), 999],
    ['a stream that is longer than what it may hold', tagged(1, STREAM), STREAM.length - 1],
    ['a stream cut short', tagged(1, STREAM.subarray(0, -1)), 1000],
    ['a byte behind the stream', tagged(1, concatBytes(STREAM, Uint8Array.of(0))), 1000],
    ['no stream', tagged(1, new Uint8Array()), 1000],
  ];
  it.each(malformed)('rejects: %s', async (_name, encoded, maxBytes) => {
    await expect(decodeObject(encoded, maxBytes, decompress)).rejects.toMatchObject(MALFORMED);
  });

  it('looks at the length before it decompresses anything', async () => {
    await expect(decodeObject(tagged(1, BYTES), 999, refuse)).rejects.toMatchObject(MALFORMED);
  });

  it('is opened only under the hash of what comes out', async () => {
    const object = { hash: sha256(BYTES), maxBytes: 1000, decompress };
    expect(await openObject({ ...object, encoded: tagged(1, STREAM) })).toEqual(BYTES);
    const altered = tagged(0, BYTES.with(500, 8));
    await expect(openObject({ ...object, encoded: altered })).rejects.toMatchObject(MALFORMED);
  });
});
