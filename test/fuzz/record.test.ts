/**
 * Random records: decoding refuses with its own error or writes back what it read; verifying refuses what nobody signed.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { equalBytes } from '../../src/core/base/bytes.ts';
import { fromHex } from '../../src/core/base/hex.ts';
import { decodeRecord, encodeRecord, verifyRecord } from '../../src/core/record/record.ts';
import { slotAt } from '../../src/core/record/slot.ts';
import { accepts, bytesNear, FUZZ_RUNS, regressions } from '../support/fuzz.ts';
import { TOPIC, V0 } from '../support/record-samples.ts';

const golden = fromHex(V0.record.bytes);
const slot = slotAt(TOPIC, V0.slot.minute);

function check(bytes: Uint8Array): void {
  accepts(() => {
    const record = decodeRecord(bytes);
    expect(equalBytes(encodeRecord(record), bytes)).toBe(true);
    verifyRecord(record, slot);
    // Signatures cover every byte, so only the golden record itself may pass.
    expect(equalBytes(bytes, golden)).toBe(true);
  }, 'RECORD_MALFORMED');
}

it('records', () => {
  fc.assert(fc.property(bytesNear(golden, golden.slice(0, 136)), check), { numRuns: FUZZ_RUNS });
});

it.each(regressions('record'))('regression %s', (_file, bytes) => {
  check(bytes);
});
