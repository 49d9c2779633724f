import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import {
  createAnswerReader,
  createRequestReader,
  encodeAnswerHead,
  encodeRequest,
  type AnswerBounds,
  type ExchangeRequest,
} from '../../../src/core/transfer/exchange.ts';
import { hexdump } from '../../support/hexdump.ts';
import { failure } from '../../support/stamp-samples.ts';

const KEY = new Uint8Array(32).fill(0xab);
const REQUESTS: [request: ExchangeRequest, bytes: Uint8Array][] = [
  [{ kind: 'statement', key: KEY }, hexdump(`01 ${'ab'.repeat(32)}`)],
  [{ kind: 'stamp', key: KEY }, hexdump(`02 ${'ab'.repeat(32)}`)],
  [{ kind: 'page', key: KEY }, hexdump(`03 ${'ab'.repeat(32)}`)],
  [{ kind: 'chunk', key: KEY }, hexdump(`04 ${'ab'.repeat(32)}`)],
];
const NONE = Uint8Array.of(0);
const FOUND = hexdump(`
  01        # found
  03000000  # length 3, u32 LE
  616263    # the bytes
`);
const BOUNDS: AnswerBounds = { minBytes: 1, maxBytes: 3 };
/** Every way to cut bytes: whole, byte by byte, in threes. */
const cuts = [1000, 1, 3];

function pieces(bytes: Uint8Array, length: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, index) =>
    bytes.subarray(index * length, (index + 1) * length),
  );
}

/** What a reader makes of these bytes when it expects answers within `bounds`. */
function readAnswers(bytes: Uint8Array, bounds: readonly AnswerBounds[], cut = 1000): (Uint8Array | undefined)[] {
  const answers: (Uint8Array | undefined)[] = [];
  const reader = createAnswerReader((answer) => answers.push(answer));
  for (const each of bounds) reader.expect(each);
  for (const piece of pieces(bytes, cut)) reader.update(piece);
  reader.end();
  return answers;
}

describe('exchange requests', () => {
  it.each(REQUESTS)('writes and reads %o', (request, bytes) => {
    expect(encodeRequest(request)).toEqual(bytes);
    expect(createRequestReader().update(bytes)).toEqual([request]);
  });

  it.each(cuts)('reads many in a row, in pieces of %i', (cut) => {
    const reader = createRequestReader();
    const read = pieces(concatBytes(...REQUESTS.map(([, bytes]) => bytes)), cut).flatMap((piece) => [
      ...reader.update(piece),
    ]);
    reader.end();
    expect(read).toEqual(REQUESTS.map(([request]) => request));
  });

  it('gives keys of their own: the buffer may be used again', () => {
    const bytes = encodeRequest({ kind: 'page', key: KEY });
    const [request] = createRequestReader().update(bytes);
    bytes.fill(0);
    expect(request?.key).toEqual(KEY);
  });

  it.each([0, 5, 65, 255])('PEER_MISBEHAVED: kind %i, as soon as it is there', (kind) => {
    expect(() => createRequestReader().update(Uint8Array.of(kind))).toThrow(failure('PEER_MISBEHAVED'));
  });

  it('PEER_MISBEHAVED: the end inside a request', () => {
    const reader = createRequestReader();
    reader.update(Uint8Array.of(4, 1));
    expect(() => {
      reader.end();
    }).toThrow(failure('PEER_MISBEHAVED'));
  });

  it('RangeError: a key that has not 32 bytes', () => {
    expect(() => encodeRequest({ kind: 'page', key: KEY.subarray(1) })).toThrow(RangeError);
  });
});

describe('exchange answers', () => {
  it('writes heads', () => {
    expect(encodeAnswerHead(undefined)).toEqual(NONE);
    expect(encodeAnswerHead(Uint8Array.of(0x61, 0x62, 0x63))).toEqual(FOUND.subarray(0, 5));
    expect(() => encodeAnswerHead(new Uint8Array())).toThrow(RangeError);
  });

  it.each(cuts)('reads found and none in their order, in pieces of %i', (cut) => {
    const answers = readAnswers(concatBytes(FOUND, NONE, NONE, FOUND), [BOUNDS, BOUNDS, BOUNDS, BOUNDS], cut);
    const abc = Uint8Array.of(0x61, 0x62, 0x63);
    expect(answers).toEqual([abc, undefined, undefined, abc]);
  });

  it.each([
    ['a length above the bound', concatBytes(FOUND.with(1, 4), new Uint8Array(1)), 'PEER_MISBEHAVED'],
    ['a length of gigabytes, before anything is allocated', hexdump('01 ffffffff'), 'PEER_MISBEHAVED'],
    ['a length of nothing', hexdump('01 00000000'), 'PEER_MISBEHAVED'],
    ['an unknown status', Uint8Array.of(2), 'PEER_MISBEHAVED'],
    ['the end before the answer', new Uint8Array(), 'PEER_MISBEHAVED'],
    ['the end inside the head', FOUND.subarray(0, 3), 'PEER_MISBEHAVED'],
    ['the end inside the bytes', FOUND.subarray(0, 7), 'PEER_MISBEHAVED'],
    ['an answer nobody asked for', concatBytes(FOUND, NONE), 'PEER_MISBEHAVED'],
    ['a refusal', Uint8Array.of(255), 'PEER_REFUSED'],
    ['a refusal in place of the second answer', concatBytes(FOUND, Uint8Array.of(255)), 'PEER_REFUSED'],
  ] as const)('refuses %s', (_name, bytes, code) => {
    for (const cut of cuts) expect(() => readAnswers(bytes, [BOUNDS], cut)).toThrow(failure(code));
  });

  it('bounds each answer by what was asked: 3 bytes for the first are 1 too many for the second', () => {
    const bytes = concatBytes(FOUND, FOUND);
    expect(readAnswers(bytes, [BOUNDS, BOUNDS])).toHaveLength(2);
    expect(() => readAnswers(bytes, [BOUNDS, { minBytes: 1, maxBytes: 2 }])).toThrow(failure('PEER_MISBEHAVED'));
    expect(() => readAnswers(bytes, [BOUNDS, { minBytes: 4, maxBytes: 9 }])).toThrow(failure('PEER_MISBEHAVED'));
  });

  it('gives the answers in front of a wrong one', () => {
    const answers: unknown[] = [];
    const reader = createAnswerReader((answer) => answers.push(answer));
    reader.expect(BOUNDS);
    reader.expect(BOUNDS);
    expect(() => {
      reader.update(concatBytes(FOUND, Uint8Array.of(9)));
    }).toThrow(failure('PEER_MISBEHAVED'));
    expect(answers).toHaveLength(1);
    expect(reader.expected).toBe(1);
  });

  it('RangeError: bounds that allow an answer of nothing', () => {
    expect(() => {
      createAnswerReader(() => undefined).expect({ minBytes: 0, maxBytes: 1 });
    }).toThrow(RangeError);
  });

  it('is canonical: what it reads it writes back byte for byte', () => {
    const answer = fc.option(fc.uint8Array({ minLength: 1, maxLength: 20 }), { nil: undefined });
    fc.assert(
      fc.property(fc.array(answer, { maxLength: 6 }), fc.integer({ min: 1, max: 40 }), (answers, cut) => {
        const written = answers.map((each) => concatBytes(encodeAnswerHead(each), each ?? new Uint8Array()));
        const bounds = answers.map((): AnswerBounds => ({ minBytes: 1, maxBytes: 20 }));
        expect(readAnswers(concatBytes(...written), bounds, cut)).toEqual(answers);
      }),
    );
  });
});
