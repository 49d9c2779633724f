/**
 * Where the chunks of a program end: decided by the content, so that an insertion changes the chunks around it and no other.
 * Spec: docs/spec/12-content.md, parameters 1.
 *
 * A gear hash with two masks (FastCDC): a chunk ends rarely before the average length, often behind it. The hash depends on the
 * last 32 bytes alone, so that the ends fall into step again soon after a difference. Does not hash chunks: see measure-content.ts.
 * A delta is cut otherwise: even-chunker.ts.
 *
 * @module
 */
import { asciiBytes } from '../base/bytes.ts';
import { MAX_CHUNK_BYTES } from '../base/limits.ts';
import { sha256 } from '../crypto/hash.ts';

/** The parameters of this file, as statements name them. */
export const CHUNKING_ID = 1;
/** Every chunk but the last has at least so many bytes. */
export const MIN_CHUNK_BYTES: number = 8 * 1024;
const AVERAGE_CHUNK_BYTES: number = 32 * 1024;
/** How far the hash looks back. */
const WINDOW_BYTES = 32;
/** A byte ends its chunk where these bits of the hash are zero: 17 while the chunk is below the average, then 13. */
const PHASES: readonly { readonly untilBytes: number; readonly mask: number }[] = [
  { untilBytes: AVERAGE_CHUNK_BYTES - 1, mask: 0xffff8000 | 0 },
  { untilBytes: MAX_CHUNK_BYTES, mask: 0xfff80000 | 0 },
];

/** One 32-bit number for each value of a byte. */
export const GEAR: Int32Array = gearTable();

export interface Chunker {
  /**
   * Looks for the end of the chunk that `from` lies in; every byte is given once, in order.
   *
   * @returns the index behind the chunk's last byte, or -1 when it goes on behind `bytes`
   */
  next(bytes: Uint8Array, from: number): number;
}

export function createChunker(): Chunker {
  let lengthBytes = 0; // of the chunk so far
  let hash = 0;

  const end = (index: number): number => {
    lengthBytes = 0; // the hash needs no reset: nothing of it is left after the window
    return index;
  };
  return {
    next(bytes, from) {
      let at = from + Math.min(bytes.length - from, Math.max(MIN_CHUNK_BYTES - WINDOW_BYTES - lengthBytes, 0));
      lengthBytes += at - from;
      for (; at < bytes.length && lengthBytes < MIN_CHUNK_BYTES - 1; lengthBytes++) hash = roll(hash, bytes, at++);
      for (const { untilBytes, mask } of PHASES) {
        const stop = Math.min(bytes.length, at + Math.max(untilBytes - lengthBytes, 0));
        lengthBytes += stop - at;
        let rolled = hash; // a local number stays in a register
        while (at < stop) {
          rolled = roll(rolled, bytes, at++);
          if ((rolled & mask) === 0) return end(at);
        }
        hash = rolled;
      }
      return lengthBytes === MAX_CHUNK_BYTES ? end(at) : -1;
    },
  };
}

/** Each step moves older bytes up by one bit: after 32 steps they are gone. */
function roll(hash: number, bytes: Uint8Array, at: number): number {
  return ((hash << 1) + (GEAR[bytes[at] as number] as number)) | 0;
}

function gearTable(): Int32Array {
  const seed = asciiBytes('peerpatch:gear:1');
  return Int32Array.from({ length: 256 }, (_, byte) => {
    const hash = sha256(seed, Uint8Array.of(byte));
    return new DataView(hash.buffer, hash.byteOffset).getInt32(0, false);
  });
}
