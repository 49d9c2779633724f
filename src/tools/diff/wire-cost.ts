/**
 * What objects cost on the wire: encoded as a peer sends them, with the question and the answer around each.
 *
 * Objects are compressed as they are read, a few at a time: memory does not grow with the program.
 *
 * @module
 */
import type { IndexedContent } from '../../agent/offer/indexed-content.ts';
import { PeerpatchError } from '../../core/base/errors.ts';
import { encodeObject } from '../../core/content/object.ts';
import { ANSWER_HEAD_BYTES, REQUEST_BYTES } from '../../core/transfer/exchange.ts';
import { brotli } from '../../io/system/brotli.ts';
import type { ObjectKind } from '../../ports/source.ts';
import { atOnce } from '../at-once.ts';

/** As peers compress: more would keep a serving program busy. */
const QUALITY = 5;
/** Objects in work at once: enough for every thread that compresses. */
const OBJECTS_AT_ONCE = 8;

export interface WireCostOptions {
  readonly content: IndexedContent;
  readonly kind: ObjectKind;
  /** Called with the length of each object that is done. */
  readonly onObject?: (lengthBytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** A question and its answer. */
export function wireBytes(answerBytes: number): number {
  return REQUEST_BYTES + ANSWER_HEAD_BYTES + answerBytes;
}

/**
 * All of these objects together.
 *
 * @throws PeerpatchError PROGRAM_UNREADABLE, CANCELLED
 */
export async function measureWireBytes(hashes: readonly Uint8Array[], options: WireCostOptions): Promise<number> {
  const { content, kind, onObject, signal } = options;
  let sum = 0;
  // All have ended when the caller closes the file.
  await atOnce(OBJECTS_AT_ONCE, hashes, async (hash) => {
    if (signal?.aborted === true) throw new PeerpatchError('CANCELLED', 'comparing was stopped');
    const bytes = await content.read(kind, hash);
    if (bytes === undefined) throw new Error(`not in its own content: ${kind}`);
    const encoded = encodeObject(bytes, await brotli.compress(bytes, QUALITY));
    sum += wireBytes(encoded.length);
    onObject?.(bytes.length);
  });
  return sum;
}
