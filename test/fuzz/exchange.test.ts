/**
 * Random requests and answers against their readers, and all that ever broke them (test/fuzz/regressions/exchange).
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/core/base/bytes.ts';
import {
  createAnswerReader,
  createRequestReader,
  encodeAnswerHead,
  encodeRequest,
} from '../../src/core/transfer/exchange.ts';
import { accepts, bytesNear, FUZZ_RUNS, regressions } from '../support/fuzz.ts';

const ANSWERS = 4;
const MAX_BYTES = 50;
const answer = (length: number): Uint8Array => {
  const bytes = new Uint8Array(length).fill(length);
  return concatBytes(encodeAnswerHead(bytes), bytes);
};
const SAMPLE_ANSWERS = concatBytes(answer(1), encodeAnswerHead(undefined), answer(MAX_BYTES), answer(7));
const SAMPLE_REQUESTS = concatBytes(
  ...(['statement', 'stamp', 'page', 'chunk'] as const).map((kind) => encodeRequest({ kind, key: new Uint8Array(32) })),
);

function feed(bytes: Uint8Array, cut: number, update: (piece: Uint8Array) => void): void {
  for (let at = 0; at < bytes.length; at += cut) update(bytes.subarray(at, at + cut));
}

/** What is accepted is what we would have sent. */
function checkAnswers(bytes: Uint8Array, cut: number): void {
  const read: Uint8Array[] = [];
  const isAccepted = accepts(
    () => {
      const reader = createAnswerReader((found) => {
        expect(found?.length ?? 1).toBeLessThanOrEqual(MAX_BYTES);
        read.push(concatBytes(encodeAnswerHead(found), found ?? new Uint8Array()));
      });
      for (let index = 0; index < ANSWERS; index++) reader.expect({ minBytes: 1, maxBytes: MAX_BYTES });
      feed(bytes, cut, (piece) => {
        reader.update(piece);
      });
      reader.end();
    },
    'PEER_MISBEHAVED',
    'PEER_REFUSED',
  );
  expect(bytes.length >= concatBytes(...read).length).toBe(true);
  if (isAccepted) expect(concatBytes(...read)).toEqual(bytes);
}

function checkRequests(bytes: Uint8Array, cut: number): void {
  const read: Uint8Array[] = [];
  const isAccepted = accepts(() => {
    const reader = createRequestReader();
    feed(bytes, cut, (piece) => {
      read.push(...reader.update(piece).map(encodeRequest));
    });
    reader.end();
  }, 'PEER_MISBEHAVED');
  if (isAccepted) expect(concatBytes(...read)).toEqual(bytes);
}

const cut = fc.constantFrom(1, 2, 7, 33, 1000);

describe('fuzz: exchange', () => {
  it('answers', () => {
    fc.assert(fc.property(bytesNear(SAMPLE_ANSWERS), cut, checkAnswers), { numRuns: FUZZ_RUNS });
  });

  it('requests', () => {
    fc.assert(fc.property(bytesNear(SAMPLE_REQUESTS), cut, checkRequests), { numRuns: FUZZ_RUNS });
  });

  it.each(regressions('exchange'))('regression: %s', (_name, bytes) => {
    for (const length of [1, 5, 1000]) {
      checkAnswers(bytes, length);
      checkRequests(bytes, length);
    }
  });
});
