/**
 * Random slot values: splitting and framing refuse with their own error or write back what they read; opening lets nothing
 * through but what was sealed.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { equalBytes } from '../../src/core/base/bytes.ts';
import { fromHex } from '../../src/core/base/hex.ts';
import { openOrIgnore } from '../../src/core/record/open.ts';
import { decodeSealedMessage, encodeSealedMessage } from '../../src/core/record/sealed-message.ts';
import { decodeSealedValue, encodeSealedValue } from '../../src/core/record/sealed-value.ts';
import { slotAt } from '../../src/core/record/slot.ts';
import { accepts, bytesNear, FUZZ_RUNS, regressions } from '../support/fuzz.ts';
import { OWNER, TOPIC, V0 } from '../support/record-samples.ts';

const golden = fromHex(V0.sealed.value);
const message = fromHex(String(V0.sealed['sealedKey']));
const slot = slotAt(TOPIC, V0.slot.minute);

function checkSplit(bytes: Uint8Array): void {
  accepts(() => {
    expect(equalBytes(encodeSealedValue(decodeSealedValue(bytes)), bytes)).toBe(true);
  }, 'RECORD_MALFORMED');
}

function checkFrame(bytes: Uint8Array): void {
  accepts(() => {
    expect(equalBytes(encodeSealedMessage(decodeSealedMessage(bytes)), bytes)).toBe(true);
  }, 'RECORD_MALFORMED');
}

async function checkOpen(bytes: Uint8Array): Promise<void> {
  const announcement = await openOrIgnore({ slot, owner: OWNER.publicKey, value: bytes });
  expect(announcement !== undefined).toBe(equalBytes(bytes, golden));
}

it('slot values', () => {
  fc.assert(fc.property(bytesNear(golden), checkSplit), { numRuns: FUZZ_RUNS });
});

it('sealed messages', () => {
  fc.assert(fc.property(bytesNear(message), checkFrame), { numRuns: FUZZ_RUNS });
});

it('opening', async () => {
  // Keeps the length, so that most inputs reach the cipher; each costs milliseconds.
  const changed = fc
    .array(fc.tuple(fc.nat(golden.length - 1), fc.nat(255)), { maxLength: 3 })
    .map((edits) => edits.reduce((bytes, [offset, byte]) => bytes.with(offset, byte), golden));
  const inputs = fc.oneof(bytesNear(golden), changed);
  await fc.assert(fc.asyncProperty(inputs, checkOpen), { numRuns: Math.ceil(FUZZ_RUNS / 20) });
});

it.each(regressions('sealed'))('regression %s', async (_file, bytes) => {
  checkSplit(bytes);
  checkFrame(bytes);
  await checkOpen(bytes);
});
