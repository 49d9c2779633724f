import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import { decodeBencode } from '../../../src/core/dht/bencode.ts';
import {
  isValidItem,
  itemBytes,
  itemMessage,
  itemOf,
  itemTarget,
  signedItemOf,
  signItem,
  type MutableItem,
} from '../../../src/core/dht/item.ts';
import { latin1, SAMPLE_SIGNER, sampleItem } from '../../support/dht-samples.ts';

const KEY = fromHex('77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548');

/** The mutable test vectors of BEP 44. */
const BEP_44 = [
  {
    salt: '',
    message: '3:seqi1e1:v12:Hello World!',
    target: '4a533d47ec9c7d95b1ad75f576cffc641853b750',
    signature:
      '305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01',
  },
  {
    salt: 'foobar',
    message: '4:salt6:foobar3:seqi1e1:v12:Hello World!',
    target: '411eba73b6f087ca51a3795d9c8c938d365e32c1',
    signature:
      '6834284b6b24c3204eb2fea824d82f88883a3d95e8b4a21b8c0ded553d17d17ddf9a8a7104b1258f30bed3787e6cb896fca78c58f8e03b5f18f14951a87d9a08',
  },
];

describe('BEP 44 items', () => {
  it('agrees with both mutable vectors of BEP 44', () => {
    let count = 0;
    for (const { salt, message, target, signature } of BEP_44) {
      const encodedValue = latin1('12:Hello World!');
      expect(itemMessage(latin1(salt), 1n, encodedValue)).toEqual(latin1(message));
      expect(toHex(itemTarget(KEY, latin1(salt)))).toBe(target);
      const item: MutableItem = { publicKey: KEY, seq: 1n, signature: fromHex(signature), encodedValue };
      expect(isValidItem(item, KEY, latin1(salt))).toBe(true);
      expect(itemBytes(item)).toEqual(latin1('Hello World!'));
      count++;
    }
    expect(count).toBe(2);
  });

  const salt = latin1('salt');
  const good = sampleItem(7n, 'value', salt);
  const { publicKey } = SAMPLE_SIGNER;

  it.each<[string, MutableItem, Uint8Array, Uint8Array]>([
    ['another seq', { ...good, seq: 8n }, publicKey, salt],
    ['another value', { ...good, encodedValue: latin1('5:valuE') }, publicKey, salt],
    ['another signature', { ...good, signature: good.signature.with(0, 0) }, publicKey, salt],
    ['another salt', good, publicKey, latin1('sald')],
    ['no salt', good, publicKey, new Uint8Array()],
    ['a key that was not asked for, though it signed', good, KEY, salt],
    ['a key that was not asked for, though the right one signed', { ...good, publicKey: KEY }, publicKey, salt],
    ['a key of small order', { ...good, publicKey: new Uint8Array(32) }, new Uint8Array(32), salt],
  ])('rejects an item with %s', (_, item, key, itemSalt) => {
    expect(isValidItem(item, key, itemSalt)).toBe(false);
  });

  it('rejects a value over 1000 bytes and a salt over 64, even when signed', () => {
    const signed = (value: Uint8Array, itemSalt: Uint8Array): MutableItem => ({
      publicKey,
      seq: 1n,
      encodedValue: value,
      signature: SAMPLE_SIGNER.sign(itemMessage(itemSalt, 1n, value)),
    });
    const largest = latin1(`996:${'a'.repeat(996)}`);
    expect(isValidItem(signed(largest, salt), publicKey, salt)).toBe(true);
    const tooLarge = latin1(`997:${'a'.repeat(997)}`);
    expect(isValidItem(signed(tooLarge, salt), publicKey, salt)).toBe(false);
    const longSalt = new Uint8Array(65);
    expect(isValidItem(signed(largest, longSalt.subarray(1)), publicKey, longSalt.subarray(1))).toBe(true);
    expect(isValidItem(signed(largest, longSalt), publicKey, longSalt)).toBe(false);
  });

  it('signs what it accepts', () => {
    const values = fc.uint8Array({ maxLength: 996 });
    const salts = fc.uint8Array({ maxLength: 64 });
    fc.assert(
      fc.property(values, salts, fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (value, itemSalt, seq) => {
        const item = signItem({ publicKey, salt: itemSalt, sign: (m) => SAMPLE_SIGNER.sign(m), seq, value });
        expect(isValidItem(item, publicKey, itemSalt)).toBe(true);
        expect(itemBytes(item)).toEqual(value);
        expect(decodeBencode(item.encodedValue)).toEqual(value);
      }),
    );
  });

  it.each([
    ['a value of 997 bytes', { value: new Uint8Array(997) }],
    ['a salt of 65 bytes', { salt: new Uint8Array(65) }],
    ['a seq above 64 bits', { seq: 2n ** 63n }],
    ['a seq below 64 bits', { seq: -(2n ** 63n) - 1n }],
  ])('does not sign %s', (_, part) => {
    const sign = SAMPLE_SIGNER.sign;
    const options = { publicKey, salt, sign, seq: 1n, value: new Uint8Array(), ...part };
    expect(() => signItem(options)).toThrow(RangeError);
  });

  it('has no byte string where the value is a list', () => {
    const list = { ...good, encodedValue: latin1('l1:ae') };
    expect(itemBytes(list)).toBeUndefined();
    expect(signedItemOf(list)).toBeUndefined();
  });

  it('is passed on as it was signed: what is taken from an item makes the same item', () => {
    const values = fc.uint8Array({ maxLength: 996 });
    fc.assert(
      fc.property(values, fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (value, seq) => {
        const item = signItem({ publicKey, salt, sign: SAMPLE_SIGNER.sign, seq, value });
        const taken = signedItemOf(item);
        expect(taken).toEqual({ seq, signature: item.signature, value });
        expect(taken && itemOf({ publicKey, salt }, taken)).toEqual(item);
      }),
    );
  });

  it('gives copies: what was passed on does not change with the packet it came in', () => {
    const packet = { ...good, signature: Buffer.from(good.signature), encodedValue: Buffer.from(good.encodedValue) };
    const taken = signedItemOf(packet);
    packet.signature.fill(0);
    packet.encodedValue.fill(0);
    expect(taken).toEqual(signedItemOf(good));
  });

  it.each([
    ['a value of 997 bytes', { value: new Uint8Array(997) }, salt],
    ['a salt of 65 bytes', {}, new Uint8Array(65)],
    ['a seq above 64 bits', { seq: 2n ** 63n }, salt],
  ])('does not pass on %s', (_, part, itemSalt) => {
    const item = { seq: 1n, signature: new Uint8Array(64), value: latin1('v'), ...part };
    expect(() => itemOf({ publicKey, salt: itemSalt }, item)).toThrow(RangeError);
  });
});
