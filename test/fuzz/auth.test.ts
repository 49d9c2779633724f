/**
 * Random requests against the check of the auth bytes, and every one that ever passed (test/fuzz/regressions/auth).
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/core/base/bytes.ts';
import { isTransferAuth, transferAuth } from '../../src/core/transfer/auth.ts';
import { FUZZ_RUNS, regressions } from '../support/fuzz.ts';
import { OWNER } from '../support/transfer-samples.ts';

const MINUTE = 29_000_000;
const RIGHT = [-1, 0, 1].map((ahead) => transferAuth(OWNER.publicKey, MINUTE + ahead));

/** Accepts the three right ones, and nothing else of any length. */
function check(bytes: Uint8Array): void {
  expect(isTransferAuth(OWNER.publicKey, MINUTE, bytes)).toBe(RIGHT.some((right) => equalBytes(right, bytes)));
}

describe('fuzz: auth', () => {
  it('changed requests', () => {
    const edits = fc.array(fc.tuple(fc.nat(63), fc.nat(255)), { maxLength: 3 });
    const run = (right: Uint8Array, changes: readonly (readonly [number, number])[], drop: number): void => {
      const bytes = changes.reduce((auth, [offset, byte]) => auth.with(offset, byte), right);
      check(bytes.subarray(0, 64 - drop));
    };
    const drop = fc.oneof(fc.constant(0), fc.nat(64));
    fc.assert(fc.property(fc.constantFrom(...RIGHT), edits, drop, run), { numRuns: FUZZ_RUNS });
  });

  it('any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 130 }), check), { numRuns: FUZZ_RUNS });
  });

  it.each(regressions('auth'))('regression: %s', (_name, bytes) => {
    check(bytes);
  });
});
