/**
 * Questions and answers of the v1 exchange: both are read as they arrive, in any pieces. Spec: docs/spec/14-exchange.md.
 *
 * request                                       answer
 * offset  size  field                           offset  size  field
 *      0     1  kind   1 statement, 2 stamp,         0     1  status  0 none: nothing follows, 1 found,
 *                      3 page, 4 chunk                                255 refused: the stream ends here
 *      1    32  key    name hash, statement id,      1     4  length  u32 LE, 1 or more: only when found
 *                      hash, hash                    5     n  bytes   only when found
 *
 * Answers come in the order of the requests and do not repeat what was asked. Knows nothing of what the bytes mean.
 *
 * @module
 */
import { concatBytes } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';

export type RequestKind = 'statement' | 'stamp' | 'page' | 'chunk';

export interface ExchangeRequest {
  readonly kind: RequestKind;
  /** 32 bytes: a statement's name hash, a statement's id for its stamp, the hash of a page or chunk. */
  readonly key: Uint8Array;
}

export const REQUEST_BYTES = 33;
export const STATUS_NONE = 0;
export const STATUS_FOUND = 1;
/** In place of an answer: this side answers no more, or never did. */
export const STATUS_NO_ANSWER = 255;
/** In front of the bytes of an answer. */
export const ANSWER_HEAD_BYTES = 5;
/** A kind is its place in this list, counted from 1. */
const KINDS: readonly RequestKind[] = ['statement', 'stamp', 'page', 'chunk'];

/** @throws RangeError when the key has not 32 bytes */
export function encodeRequest({ kind, key }: ExchangeRequest): Uint8Array {
  if (key.length !== REQUEST_BYTES - 1) throw new RangeError(`a key has 32 bytes, not ${key.length}`);
  return concatBytes(Uint8Array.of(KINDS.indexOf(kind) + 1), key);
}

/** @param bytes undefined: there is none. @throws RangeError for no bytes at all, which no answer has */
export function encodeAnswerHead(bytes: Uint8Array | undefined): Uint8Array {
  if (bytes === undefined) return Uint8Array.of(STATUS_NONE);
  if (bytes.length === 0) throw new RangeError('what was found has bytes');
  const head = new Uint8Array(ANSWER_HEAD_BYTES);
  head[0] = STATUS_FOUND;
  new DataView(head.buffer).setUint32(1, bytes.length, true);
  return head;
}

/** Takes the requests of one client apart. */
export interface RequestReader {
  /** The requests that these bytes complete. @throws PeerpatchError PEER_MISBEHAVED for an unknown kind */
  update(bytes: Uint8Array): readonly ExchangeRequest[];
  /** The client ended its side. @throws PeerpatchError PEER_MISBEHAVED inside a request */
  end(): void;
}

export function createRequestReader(): RequestReader {
  let begun = new Uint8Array() as Uint8Array;
  return {
    update(bytes) {
      const all = concatBytes(begun, bytes);
      const requests: ExchangeRequest[] = [];
      let at = 0;
      for (; at < all.length; at += REQUEST_BYTES) {
        const kind = KINDS[(all[at] ?? 0) - 1];
        if (kind === undefined) throw misbehaved(`asked for a thing of unknown kind ${String(all[at])}`);
        if (all.length - at < REQUEST_BYTES) break;
        requests.push({ kind, key: all.slice(at + 1, at + REQUEST_BYTES) });
      }
      begun = all.slice(at);
      return requests;
    },
    end() {
      if (begun.length > 0) throw misbehaved('ended its stream inside a request');
    },
  };
}

/** How long the answer to one request may be, when there is one. */
export interface AnswerBounds {
  readonly minBytes: number;
  readonly maxBytes: number;
}

/** Takes the answers of one peer apart. Ends for good with the first error. */
export interface AnswerReader {
  /** Requests that are not answered yet. */
  readonly expected: number;
  /** Another request is sent: what may come for it. @throws RangeError when that could be nothing at all */
  expect(bounds: AnswerBounds): void;
  /**
   * Gives each answer that these bytes complete to `onAnswer`. Memory for an answer is taken when its length was found right.
   *
   * @throws PeerpatchError PEER_MISBEHAVED for a status, a length or an answer that cannot be; PEER_REFUSED
   */
  update(bytes: Uint8Array): void;
  /** The peer ended its stream. @throws PeerpatchError PEER_MISBEHAVED while an answer is expected */
  end(): void;
}

/** @param onAnswer called in the order of the requests; undefined: the peer has not got it */
export function createAnswerReader(onAnswer: (bytes: Uint8Array | undefined) => void): AnswerReader {
  const expected: AnswerBounds[] = [];
  let head = new Uint8Array() as Uint8Array;
  let body: Uint8Array | undefined;
  let filledBytes = 0;

  const answer = (bytes: Uint8Array | undefined): void => {
    expected.shift();
    head = new Uint8Array();
    body = undefined;
    filledBytes = 0;
    onAnswer(bytes);
  };
  /** @returns how many of the bytes belong to the head */
  const takeHead = (bytes: Uint8Array): number => {
    const status = head[0] ?? bytes[0];
    checkStatus(status, expected.length > 0);
    if (status === STATUS_NONE) {
      answer(undefined);
      return 1;
    }
    const taken = bytes.subarray(0, ANSWER_HEAD_BYTES - head.length);
    head = concatBytes(head, taken);
    if (head.length === ANSWER_HEAD_BYTES) body = new Uint8Array(answerLength(head, expected[0]));
    return taken.length;
  };
  /** @returns how many of the bytes belong to the body */
  const takeBody = (into: Uint8Array, bytes: Uint8Array): number => {
    const taken = bytes.subarray(0, into.length - filledBytes);
    into.set(taken, filledBytes);
    filledBytes += taken.length;
    if (filledBytes === into.length) answer(into);
    return taken.length;
  };

  return {
    get expected() {
      return expected.length;
    },
    expect(bounds) {
      if (bounds.minBytes < 1) throw new RangeError('what was found has bytes');
      expected.push(bounds);
    },
    update(bytes) {
      for (let at = 0; at < bytes.length;) {
        const rest = bytes.subarray(at);
        at += body === undefined ? takeHead(rest) : takeBody(body, rest);
      }
    },
    end() {
      if (expected.length > 0) throw misbehaved('ended its stream before its answers were complete');
    },
  };
}

function checkStatus(status: number | undefined, isExpected: boolean): void {
  if (status === STATUS_NO_ANSWER) {
    throw new PeerpatchError(
      'PEER_REFUSED',
      'the peer refused to answer: it is busy, has another owner, or one of the two clocks is off by minutes',
    );
  }
  if (!isExpected) throw misbehaved('sent an answer that nobody asked for');
  if (status !== STATUS_NONE && status !== STATUS_FOUND) {
    throw misbehaved(`answered with the unknown status ${String(status)}`);
  }
}

function answerLength(head: Uint8Array, bounds: AnswerBounds | undefined): number {
  const length = new DataView(head.buffer, head.byteOffset).getUint32(1, true);
  const { minBytes, maxBytes } = bounds ?? { minBytes: 0, maxBytes: 0 };
  if (length >= minBytes && length <= maxBytes) return length;
  throw misbehaved(`announced an answer of ${length} bytes where ${minBytes} to ${maxBytes} are right`);
}

function misbehaved(reason: string): PeerpatchError {
  return new PeerpatchError('PEER_MISBEHAVED', `the peer ${reason}`);
}
