import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { ed25519Signer } from '../../../src/core/crypto/ed25519.ts';
import { signItem, type MutableItem } from '../../../src/core/dht/item.ts';
import { isReadableItem } from '../../../src/core/record/slot-item.ts';
import { slotAt } from '../../../src/core/record/slot.ts';
import { latin1 } from '../../support/dht-samples.ts';
import { TOPIC, valueOf } from '../../support/record-samples.ts';

const { itemKey } = slotAt(TOPIC, 29_000_000);
const inSlot = (value: Uint8Array): MutableItem => signItem({ ...itemKey, seq: 0n, value });
const record = await valueOf({ node: 1, minute: 29_000_000 });
/** L = 191: the sealed record would hold 135 bytes. */
const SHORT_RECORD = concatBytes(Uint8Array.of(191, 0, 0, 0), new Uint8Array(191 + 88));
const SHORTEST_RECORD = concatBytes(Uint8Array.of(192, 0, 0, 0), new Uint8Array(192 + 88));

describe('an item in a slot', () => {
  it('is readable as a record, and as garbage of the same lengths', () => {
    expect(isReadableItem(inSlot(record), itemKey.salt)).toBe(true);
    expect(isReadableItem(inSlot(SHORTEST_RECORD), itemKey.salt)).toBe(true);
  });

  it.each([
    ['no bytes', new Uint8Array()],
    ['three bytes', new Uint8Array(3)],
    ['a record cut by one byte', record.subarray(0, -1)],
    ['a byte behind a record', concatBytes(record, Uint8Array.of(0))],
    ['a length beyond the value', record.with(0, 0xff)],
    ['a record of 135 bytes', SHORT_RECORD],
  ])('is not readable: %s', (_, value) => {
    expect(isReadableItem(inSlot(value), itemKey.salt)).toBe(false);
  });

  it('is not readable when its value is no byte string', () => {
    expect(isReadableItem({ ...inSlot(record), encodedValue: latin1('i1e') }, itemKey.salt)).toBe(false);
  });
});

describe('an item elsewhere', () => {
  it.each([
    ['a salt that is no seed', latin1('salt')],
    ['a salt that is the seed of another key', new Uint8Array(32).fill(9)],
    ['the salt of a statement', concatBytes(latin1('pp1'), new Uint8Array(32).fill(8))],
    ['no salt', new Uint8Array()],
  ])('is readable whatever its value: %s', (_, salt) => {
    const { publicKey, sign } = ed25519Signer(new Uint8Array(32).fill(8));
    const item = signItem({ publicKey, sign, salt, seq: 0n, value: new Uint8Array(3) });
    expect(isReadableItem(item, salt)).toBe(true);
  });
});
