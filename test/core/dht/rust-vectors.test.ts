/**
 * BEP 44 items and BEP 42 verdicts of the mainline crate (test/vectors/rustpatcher-items.json): every row is made again, judged
 * and counted.
 *
 * @module
 */
import { expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import { ed25519Signer } from '../../../src/core/crypto/ed25519.ts';
import { isValidItem, itemBytes, itemTarget, signItem } from '../../../src/core/dht/item.ts';
import { isSecureNodeId, sharedPrefixBits } from '../../../src/core/dht/node-id.ts';
import { ruleBytes, rustVectors } from '../../support/rust-vectors.ts';

interface ItemVectors {
  readonly items: readonly ({
    readonly number: number;
    readonly seq: string;
    readonly valueBytes: number;
    readonly saltBytes: number;
  } & Readonly<Record<'publicKey' | 'target' | 'signature', string>>)[];
  readonly securities: readonly { readonly ip: string; readonly id: string; readonly secure: boolean }[];
  /** The crate counts the bits from the first one that differs. */
  readonly distances: readonly { readonly from: string; readonly to: string; readonly distance: number }[];
}

const { items, securities, distances } = rustVectors<ItemVectors>('items');

it('signs 28 items: all sequence numbers, lengths and salts', () => {
  const ours = items.map(({ number, seq, valueBytes, saltBytes }) => {
    const { publicKey, sign } = ed25519Signer(ruleBytes('item key', number, 32));
    const salt = ruleBytes('item salt', number, saltBytes);
    const value = ruleBytes('item value', number, valueBytes);
    const item = signItem({ publicKey, salt, sign, seq: BigInt(seq), value });
    expect(isValidItem(item, publicKey, salt)).toBe(true);
    expect(itemBytes(item)).toEqual(value.slice());
    return {
      number,
      seq,
      valueBytes,
      saltBytes,
      publicKey: toHex(publicKey),
      target: toHex(itemTarget(publicKey, salt)),
      signature: toHex(item.signature),
    };
  });
  expect(ours).toEqual(items);
  expect(items).toHaveLength(28);
});

it('judges 56 pairs of address and id, the examples of BEP 42 among them', () => {
  const ours = securities.map(({ ip, id }) => ({
    ip,
    id,
    secure: isSecureNodeId(fromHex(id), Uint8Array.from(ip.split('.'), Number)),
  }));
  expect(ours).toEqual(securities);
  expect(securities).toHaveLength(56);
});

it('measures 19 distances', () => {
  const ours = distances.map(({ from, to }) => 160 - sharedPrefixBits(fromHex(from), fromHex(to)));
  expect(ours).toEqual(distances.map(({ distance }) => distance));
  expect(distances).toHaveLength(19);
});
