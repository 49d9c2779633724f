/**
 * Brotli by `node:zlib`, on its thread pool: every supported runtime has it.
 *
 * @module
 */
import { brotliCompress, brotliDecompress, constants, type BrotliOptions } from 'node:zlib';
import { PeerpatchError } from '../../core/base/errors.ts';
import type { Compression } from '../../ports/compression.ts';

/** Room that is left in a step: a full one is followed by another turn with new memory. Covers what cannot be compressed. */
const SPARE_BYTES = 64;
/** Output is made in steps of this size, each a turn of the thread pool. Smaller outputs take one turn. */
const MAX_STEP_BYTES: number = 1024 ** 2 + SPARE_BYTES;

/** A chunk and the quality of chunks on the wire: a window of half a chunk is faster to search and loses 0.3 % of the size. */
const SMALL_INPUT_BYTES: number = 128 * 1024;
const MAX_FAST_QUALITY = 6;
const SMALL_WINDOW_BITS = 16;

/** With `info: true` the result comes with the engine, which knows how much of the input it has taken. */
interface WithEngine {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

export const brotli: Compression = {
  compress: (bytes, quality) =>
    new Promise((resolve, reject) => {
      const isFastAndSmall = quality <= MAX_FAST_QUALITY && bytes.length <= SMALL_INPUT_BYTES;
      const params = {
        [constants.BROTLI_PARAM_QUALITY]: quality,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
        ...(isFastAndSmall && { [constants.BROTLI_PARAM_LGWIN]: SMALL_WINDOW_BITS }),
      };
      brotliCompress(bytes, { params, chunkSize: stepBytes(bytes.length) }, (error, result) => {
        if (error === null) resolve(plain(result));
        else reject(error);
      });
    }),

  decompress: (bytes, maxBytes) =>
    new Promise((resolve, reject) => {
      const options: BrotliOptions & { readonly info: true } = {
        // It must be above 0; the result is looked at again below.
        maxOutputLength: Math.max(maxBytes, 1),
        chunkSize: stepBytes(maxBytes),
        info: true,
      };
      brotliDecompress(bytes, options, (error, result) => {
        if (error !== null) {
          reject(malformed(`it is no brotli stream of at most ${maxBytes} bytes`, error));
          return;
        }
        const { buffer, engine } = result as unknown as WithEngine;
        if (buffer.length > maxBytes) reject(malformed(`it has more than ${maxBytes} bytes`));
        else if (engine.bytesWritten !== bytes.length) reject(malformed('bytes follow the end of the stream'));
        else resolve(plain(buffer));
      });
    }),
};

function stepBytes(bytes: number): number {
  return Math.min(bytes + SPARE_BYTES, MAX_STEP_BYTES);
}

/** Without what Buffer adds: its `slice` does not copy. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

function malformed(reason: string, cause?: Error): PeerpatchError {
  return new PeerpatchError('CONTENT_MALFORMED', `compressed bytes cannot be read: ${reason}`, { cause });
}
