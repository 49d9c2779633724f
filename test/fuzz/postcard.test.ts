/**
 * Random numbers as postcard writes them: refused with the caller's error, or written back byte for byte.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { concatBytes, equalBytes } from '../../src/core/base/bytes.ts';
import { PeerpatchError } from '../../src/core/base/errors.ts';
import { createPostcardReader, encodeI32, encodeU64, type PostcardReader } from '../../src/core/base/postcard.ts';
import { accepts, bytesNear, FUZZ_RUNS, regressions } from '../support/fuzz.ts';

const samples = [
  ...[0, 127, 128, 16_384, 2 ** 32, Number.MAX_SAFE_INTEGER].map(encodeU64),
  ...[-1, 64, 2 ** 31 - 1, -(2 ** 31)].map(encodeI32),
];

function readerOf(bytes: Uint8Array): PostcardReader {
  return createPostcardReader({ bytes, malformed: (reason) => new PeerpatchError('RELEASE_MALFORMED', reason) });
}

function check(bytes: Uint8Array): void {
  for (const max of [0, 127, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    accepts(() => {
      const reader = readerOf(bytes);
      const value = reader.u64(max);
      expect(value).toBeLessThanOrEqual(max);
      expect(equalBytes(encodeU64(value), bytes.subarray(0, reader.offset))).toBe(true);
    }, 'RELEASE_MALFORMED');
  }
  accepts(() => {
    const reader = readerOf(bytes);
    const value = reader.i32();
    expect(equalBytes(encodeI32(value), bytes.subarray(0, reader.offset))).toBe(true);
    const rest = bytes.slice(reader.offset);
    expect(equalBytes(reader.bytes(rest.length), rest)).toBe(true);
  }, 'RELEASE_MALFORMED');
}

it('numbers', () => {
  const groups = fc.array(fc.constantFrom(0, 1, 2, 0x0f, 0x10, 0x7f, 0x80, 0x8f, 0xff), { maxLength: 12 });
  const bytes = fc.oneof(bytesNear(...samples), groups.map(Uint8Array.from.bind(Uint8Array)));
  fc.assert(fc.property(bytes, check), { numRuns: FUZZ_RUNS });
});

it('any number, there and back', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer(), (large, signed) => {
      const reader = readerOf(concatBytes(encodeU64(large), encodeI32(signed)));
      expect([reader.u64(Number.MAX_SAFE_INTEGER), reader.i32()]).toEqual([large, signed]);
    }),
    { numRuns: FUZZ_RUNS },
  );
});

it.each(regressions('postcard'))('regression %s', (_file, bytes) => {
  check(bytes);
});
