/**
 * Random frames against the frame decoder, and every frame that ever broke it (test/fuzz/regressions/frame).
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { isPeerpatchError } from '../../src/core/base/errors.ts';
import { createFrameDecoder, encodeFrameHead } from '../../src/core/transfer/frame.ts';
import { FUZZ_RUNS, regressions } from '../support/fuzz.ts';
import { frameOf, sampleProgram } from '../support/transfer-samples.ts';

const SAMPLE = sampleProgram({ sizeBytes: 50 });
const FRAME = frameOf(SAMPLE);

/** Feeds the frame in the given pieces: nothing but its own errors, and nothing accepted that we would not have sent. */
function check(frame: Uint8Array, cuts: readonly number[]): void {
  const decoder = createFrameDecoder(SAMPLE.release);
  const file: Uint8Array[] = [];
  try {
    let at = 0;
    for (const cut of [...cuts, frame.length]) {
      while (at < Math.min(cut, frame.length)) {
        const length = Math.min(cut - at, decoder.wantedBytes || 1);
        file.push(decoder.update(frame.subarray(at, at + length)));
        at += length;
      }
    }
    decoder.end();
  } catch (error) {
    if (!isPeerpatchError(error, 'PEER_MISBEHAVED', 'PEER_REFUSED')) throw error;
    return;
  }
  const bytes = concatBytes(...file);
  const canonical = concatBytes(encodeFrameHead(SAMPLE.release, bytes.length), bytes).with(0, frame[0] ?? 0);
  // The other accepted form has the length of the signature in front of it: one byte more.
  expect(frame.length - canonical.length).toBeLessThanOrEqual(1);
  if (frame.length === canonical.length) expect(canonical).toEqual(frame);
}

const cuts = fc.array(fc.nat(FRAME.length), { maxLength: 5 }).map((offsets) => offsets.toSorted((a, b) => a - b));
const edits = fc.array(fc.tuple(fc.nat(FRAME.length - 1), fc.nat(255)), { maxLength: 4 });

describe('fuzz: frame', () => {
  it('changed frames', () => {
    const run = (changes: readonly (readonly [number, number])[], pieces: readonly number[], drop: number): void => {
      const frame = changes.reduce((bytes, [offset, byte]) => bytes.with(offset, byte), FRAME);
      check(frame.subarray(0, frame.length - drop), pieces);
    };
    fc.assert(fc.property(edits, cuts, fc.oneof(fc.constant(0), fc.nat(FRAME.length)), run), { numRuns: FUZZ_RUNS });
  });

  it('any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), cuts, check), { numRuns: FUZZ_RUNS });
  });

  it.each(regressions('frame'))('regression: %s', (_name, bytes) => {
    check(bytes, []);
    check(
      bytes,
      Array.from(bytes, (_byte, index) => index),
    );
  });
});
