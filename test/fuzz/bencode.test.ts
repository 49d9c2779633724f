/**
 * Random bencode: refused with its own error, or written back byte for byte.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeBencode, encodeBencode } from '../../src/core/dht/bencode.ts';
import { latin1 } from '../support/dht-samples.ts';
import { accepts, bytesNear, FUZZ_RUNS, regressions } from '../support/fuzz.ts';

const samples = [
  'd1:ad2:id20:aaaaaaaaaaaaaaaaaaaa6:targeti-1eee',
  'lli1ee0:d1:k1:vee',
  'i-9223372036854775808e',
  '12:Hello World!',
];

function check(bytes: Uint8Array): void {
  accepts(() => {
    expect(encodeBencode(decodeBencode(bytes))).toEqual(bytes);
  }, 'DHT_MESSAGE_MALFORMED');
}

it('random bytes near bencode', () => {
  fc.assert(fc.property(bytesNear(...samples.map(latin1)), check), { numRuns: FUZZ_RUNS });
});

it('random sequences of the characters that have a meaning', () => {
  const text = fc.string({ unit: fc.constantFrom(...Array.from('dlie0123456789:-a')), maxLength: 60 }).map(latin1);
  fc.assert(fc.property(text, check), { numRuns: FUZZ_RUNS });
});

it.each(regressions('bencode'))('regression: %s', (_name, bytes) => {
  check(bytes);
});
