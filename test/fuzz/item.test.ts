/**
 * Random items and signatures: nothing but what the key signed is valid, and nothing throws.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { concatBytes, equalBytes } from '../../src/core/base/bytes.ts';
import { isValidItem, type MutableItem } from '../../src/core/dht/item.ts';
import { latin1, SAMPLE_SIGNER, sampleItem } from '../support/dht-samples.ts';
import { bytesNear, FUZZ_RUNS, regressions } from '../support/fuzz.ts';

const SALT = latin1('salt');
const good = sampleItem(7n, 'value', SALT);
const { publicKey } = SAMPLE_SIGNER;
/** key || signature || value: one string of bytes to change. */
const SAMPLE = concatBytes(publicKey, good.signature, good.encodedValue);

function check(bytes: Uint8Array): void {
  const item: MutableItem = {
    publicKey: bytes.slice(0, 32),
    signature: bytes.slice(32, 96),
    encodedValue: bytes.slice(96),
    seq: 7n,
  };
  expect(isValidItem(item, publicKey, SALT)).toBe(equalBytes(bytes, SAMPLE));
  // Under its own key, which may be no point of the curve: either way an answer, no exception.
  isValidItem(item, item.publicKey, SALT);
}

it('changed keys, signatures and values', () => {
  fc.assert(fc.property(bytesNear(SAMPLE), check), { numRuns: Math.ceil(FUZZ_RUNS / 4) });
});

it('changed sequence numbers and salts', () => {
  const run = (seq: bigint, salt: Uint8Array): void => {
    expect(isValidItem({ ...good, seq }, publicKey, salt)).toBe(seq === 7n && equalBytes(salt, SALT));
  };
  const salts = fc.oneof(fc.constant(SALT), fc.uint8Array({ maxLength: 70 }));
  fc.assert(fc.property(fc.bigInt(0n, 14n), salts, run), { numRuns: Math.ceil(FUZZ_RUNS / 4) });
});

it.each(regressions('item'))('regression: %s', (_name, bytes) => {
  check(bytes);
});
