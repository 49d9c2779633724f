import { expect, it } from 'vitest';
import { asciiBytes } from '../../../src/core/base/bytes.ts';
import { toHex } from '../../../src/core/base/hex.ts';
import { verifyStrict } from '../../../src/core/crypto/ed25519.ts';
import { minuteOf, slotAt } from '../../../src/core/record/slot.ts';
import { TOPIC } from '../../support/record-samples.ts';

it.each([
  [0, 0],
  [59_999, 0],
  [60_000, 1],
  [29_000_000 * 60_000 + 59_999, 29_000_000],
])('puts the Unix time %i ms into minute %i', (unixMs, minute) => {
  expect(minuteOf(unixMs)).toBe(minute);
});

it('has other keys in each minute', () => {
  const slots = [1, 2, 3].map((minute) => slotAt(TOPIC, minute));
  const keys = slots.flatMap(({ itemKey, encryption }) => [
    itemKey.publicKey,
    itemKey.salt,
    encryption.publicKey,
    encryption.privateKey,
  ]);
  expect(new Set(keys.map(toHex)).size).toBe(12);
});

it('signs items under its public key', () => {
  const { itemKey } = slotAt(TOPIC, 7);
  const message = asciiBytes('an item');
  expect(verifyStrict(itemKey.publicKey, message, itemKey.sign(message))).toBe(true);
});

it.each([-1, 0.5, NaN, Infinity, 2 ** 53])('refuses %d as a minute', (minute) => {
  expect(() => slotAt(TOPIC, minute)).toThrow(RangeError);
});
