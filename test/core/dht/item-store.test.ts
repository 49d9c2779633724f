import { describe, expect, it } from 'vitest';
import { MAX_STORED_ITEMS } from '../../../src/core/base/limits.ts';
import { itemTarget, type MutableItem } from '../../../src/core/dht/item.ts';
import { ITEM_LIFETIME_MS, ItemStore } from '../../../src/core/dht/item-store.ts';
import { latin1, SAMPLE_SIGNER, sampleItem } from '../../support/dht-samples.ts';

const SALT = latin1('salt');
const TARGET = itemTarget(SAMPLE_SIGNER.publicKey, SALT);

/** A store that holds seq 5. */
function filled(): ItemStore {
  const store = new ItemStore();
  expect(store.put({ item: sampleItem(5n, 'five', SALT), salt: SALT }, 0)).toBeUndefined();
  return store;
}

const badSignature = (item: MutableItem): MutableItem => ({ ...item, signature: item.signature.with(0, 0) });
const tooBig = (item: MutableItem): MutableItem => ({ ...item, encodedValue: latin1(`997:${'a'.repeat(997)}`) });

describe('the items of a storing node', () => {
  it('are found under SHA-1 of key and salt', () => {
    expect(filled().get(TARGET, 0)).toEqual(sampleItem(5n, 'five', SALT));
    expect(filled().get(itemTarget(SAMPLE_SIGNER.publicKey, latin1('other')), 0)).toBeUndefined();
  });

  // The order matters: each case also breaks the rules behind the one that is reported.
  it.each([
    [205, 'value over 1000 bytes', { item: badSignature(tooBig(sampleItem(4n, 'x', SALT))), salt: new Uint8Array(65) }],
    [
      207,
      'salt over 64 bytes',
      { item: badSignature(sampleItem(4n, 'x', SALT)), salt: new Uint8Array(65), target: SALT },
    ],
    [
      203,
      'target of another item',
      { item: badSignature(sampleItem(4n, 'x', SALT)), salt: SALT, target: new Uint8Array(20), cas: 4n },
    ],
    [301, 'cas of another seq', { item: badSignature(sampleItem(4n, 'x', SALT)), salt: SALT, cas: 4n }],
    [302, 'lower seq', { item: badSignature(sampleItem(4n, 'x', SALT)), salt: SALT }],
    [206, 'bad signature', { item: badSignature(sampleItem(6n, 'x', SALT)), salt: SALT }],
  ])('are kept from a put with code %d: %s', (code, _, put) => {
    const store = filled();
    expect(store.put(put, 0)).toMatchObject({ code });
    expect(store.get(TARGET, 0)).toEqual(sampleItem(5n, 'five', SALT));
  });

  it.each([
    ['higher seq', 6n, 'six', undefined],
    ['equal seq and another value: the last write wins', 5n, 'FIVE', undefined],
    ['a cas that matches', 6n, 'six', 5n],
  ])('are replaced by %s', (_, seq, text, cas) => {
    const store = filled();
    const item = sampleItem(seq, text, SALT);
    expect(store.put({ item, salt: SALT, ...(cas !== undefined && { cas }) }, 0)).toBeUndefined();
    expect(store.get(TARGET, 0)).toEqual(item);
  });

  it('are kept out by who runs the node, after their signature has been verified', () => {
    const asked: string[] = [];
    const store = new ItemStore(undefined, ({ seq }, salt) => {
      asked.push(`${seq} ${salt.length}`);
      return seq !== 6n;
    });
    expect(store.put({ item: badSignature(sampleItem(6n, 'x', SALT)), salt: SALT }, 0)).toMatchObject({ code: 206 });
    expect(store.put({ item: sampleItem(6n, 'x', SALT), salt: SALT }, 0)).toMatchObject({ code: 203 });
    expect(store.put({ item: sampleItem(5n, 'x', SALT), salt: SALT }, 0)).toBeUndefined();
    expect(asked).toEqual(['6 4', '5 4']);
    expect(store.size).toBe(1);
  });

  it('are stored with any cas where there was none', () => {
    const store = new ItemStore();
    expect(store.put({ item: sampleItem(1n, 'x'), salt: new Uint8Array(), cas: 99n }, 0)).toBeUndefined();
  });

  it('are gone after two hours, and a put makes them young again', () => {
    const store = filled();
    expect(store.get(TARGET, ITEM_LIFETIME_MS)).toBeDefined();
    store.put({ item: sampleItem(5n, 'five', SALT), salt: SALT }, ITEM_LIFETIME_MS);
    expect(store.get(TARGET, 2 * ITEM_LIFETIME_MS)).toBeDefined();
    expect(store.get(TARGET, 2 * ITEM_LIFETIME_MS + 1)).toBeUndefined();
    expect(store.size).toBe(0);
  });

  it('never number more than the limit, and the least recently used goes first', () => {
    const store = new ItemStore(3);
    const put = (name: string): void =>
      void store.put({ item: sampleItem(1n, 'x', latin1(name)), salt: latin1(name) }, 0);
    const has = (name: string): boolean =>
      store.get(itemTarget(SAMPLE_SIGNER.publicKey, latin1(name)), 0) !== undefined;
    for (const name of ['a', 'b', 'c']) put(name);
    expect(has('a')).toBe(true); // used: now b is the oldest
    put('d');
    expect(store.size).toBe(3);
    expect(has('b')).toBe(false);
    expect(has('a')).toBe(true);
    expect(MAX_STORED_ITEMS).toBe(1000);
  });
});
