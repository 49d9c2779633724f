/**
 * Random record contents and address hints: they are refused with their own error, or read the same a second time.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { concatBytes, equalBytes } from '../../src/core/base/bytes.ts';
import { fromHex } from '../../src/core/base/hex.ts';
import { decodeContent, encodeContent } from '../../src/core/record/content.ts';
import { decodeHints, encodeHints } from '../../src/core/record/hints.ts';
import { accepts, bytesNear, FUZZ_RUNS, regressions } from '../support/fuzz.ts';
import { V0 } from '../support/record-samples.ts';

const release = fromHex(V0.patch.info);
const prefixed = concatBytes(release.subarray(0, -64), Uint8Array.of(0x40), release.subarray(-64));
const hints = encodeHints({ addresses: ['192.0.2.1:8080', '[2001:db8::1]:443'], relayUrl: 'https://relay.test./' });

function checkContent(bytes: Uint8Array): void {
  accepts(() => {
    const content = decodeContent(bytes);
    const canonical = encodeContent(content);
    expect(decodeContent(canonical)).toEqual(content);
    // Only ignored hints and the longer form of the signature may be lost.
    expect(canonical.length).toBeLessThanOrEqual(bytes.length);
  }, 'RELEASE_MALFORMED');
}

function checkHints(bytes: Uint8Array): void {
  accepts(() => {
    expect(equalBytes(encodeHints(decodeHints(bytes)), bytes)).toBe(true);
  }, 'RECORD_MALFORMED');
}

it('contents', () => {
  const samples = bytesNear(release, prefixed, concatBytes(release, hints));
  fc.assert(fc.property(samples, checkContent), { numRuns: FUZZ_RUNS });
});

it('address hints', () => {
  fc.assert(fc.property(bytesNear(hints, hints.slice(0, 10)), checkHints), { numRuns: FUZZ_RUNS });
});

it.each(regressions('content'))('regression %s', (_file, bytes) => {
  checkContent(bytes);
  checkHints(bytes);
});
