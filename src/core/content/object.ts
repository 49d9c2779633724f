/**
 * How a page or a chunk crosses a wire and lies on a mirror. Spec: docs/spec/12-content.md.
 *
 * offset  size  field
 *      0     1  encoding  0: as it is · 1: brotli, and nothing behind the stream
 *      1     n  bytes
 *
 * The hash that names an object is over what comes out, so one object may cross in either form. Never longer than the object and
 * its first byte. Does not compress: that comes in as a function, see ports/compression.ts.
 *
 * @module
 */
import { concatBytes, equalBytes } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';
import { sha256 } from '../crypto/hash.ts';

const RAW = 0;
const BROTLI = 1;

/** What one complete stream holds, at most `maxBytes`: the method of Compression in ports/compression.ts. */
export type Decompress = (bytes: Uint8Array, maxBytes: number) => Promise<Uint8Array>;

/** Of an object with at most so many bytes: the longest encoded form. */
export function maxEncodedBytes(maxBytes: number): number {
  return 1 + maxBytes;
}

/** @param compressed the same bytes as a brotli stream: taken where that is shorter */
export function encodeObject(bytes: Uint8Array, compressed?: Uint8Array): Uint8Array {
  if (compressed !== undefined && compressed.length < bytes.length)
    return concatBytes(Uint8Array.of(BROTLI), compressed);
  return concatBytes(Uint8Array.of(RAW), bytes);
}

/**
 * The bytes of an encoded object; a view of `encoded` when it is not compressed. Not verified: see {@link openObject}.
 *
 * @param maxBytes length of the object where it is known, else the largest it may have
 * @throws PeerpatchError CONTENT_MALFORMED
 */
export async function decodeObject(encoded: Uint8Array, maxBytes: number, decompress: Decompress): Promise<Uint8Array> {
  const [encoding] = encoded;
  const bytes = encoded.subarray(1);
  if (encoded.length > maxEncodedBytes(maxBytes)) throw malformed(`${encoded.length} bytes are more than it may have`);
  if (encoding === RAW) return bytes;
  if (encoding === BROTLI) return await decompress(bytes, maxBytes);
  throw malformed(encoding === undefined ? 'it is empty' : `unknown encoding ${encoding}`);
}

export interface ObjectToOpen {
  /** 32 bytes: the name it was asked for by. */
  readonly hash: Uint8Array;
  readonly encoded: Uint8Array;
  /** See {@link decodeObject}. */
  readonly maxBytes: number;
  readonly decompress: Decompress;
}

/** The bytes that have this hash, whoever sent them. @throws PeerpatchError CONTENT_MALFORMED */
export async function openObject({ hash, encoded, maxBytes, decompress }: ObjectToOpen): Promise<Uint8Array> {
  const bytes = await decodeObject(encoded, maxBytes, decompress);
  if (!equalBytes(sha256(bytes), hash)) throw malformed('it does not have its hash');
  return bytes;
}

function malformed(reason: string): PeerpatchError {
  return new PeerpatchError('CONTENT_MALFORMED', `an object cannot be read: ${reason}; ask another source`);
}
