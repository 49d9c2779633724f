import { describe, expect, it } from 'vitest';
import { createSightings, type Sightings } from '../../../src/agent/find/sightings.ts';
import { asciiBytes } from '../../../src/core/base/bytes.ts';
import { dictionary, encodeBencode } from '../../../src/core/dht/bencode.ts';
import type { SignedItem } from '../../../src/core/stamp/block.ts';
import type { SignedStatement } from '../../../src/core/statement/statement.ts';
import { OWNER, STRANGER } from '../../support/record-samples.ts';
import { NAME, signedValue, statementOf } from '../../support/signed-statements.ts';

const one = statementOf(1);
const two = statementOf(2);
/** The same number as `two`, another version. */
const otherTwo = statementOf(2, { version: '9.9.9' });

function sightings(running?: SignedStatement): Sightings {
  return createSightings({ owner: OWNER.publicKey, name: NAME, running });
}

/** `source CODE`, one for each that is not believed. */
function add(seen: Sightings, ...items: readonly (readonly [source: string, item: SignedItem])[]): string[] {
  return seen.add(items.map(([source, item]) => ({ source, item }))).map(({ source, code }) => `${source} ${code}`);
}

describe('what was seen under a name', () => {
  it('is nothing before anything was seen, and the running one when there is one', () => {
    expect(sightings().newest).toBeUndefined();
    expect(sightings(one).newest).toBe(one);
  });

  it.each([
    ['in order', [one, two]],
    ['the other way round', [two, one]],
  ])('has the highest as the newest, %s', (_, order) => {
    const seen = sightings();
    expect(add(seen, ...order.map(({ item }) => ['peer', item] as const))).toEqual([]);
    expect(seen.newest).toEqual(two);
  });

  it('never goes back: the newest stays when later looks show less', () => {
    const seen = sightings();
    add(seen, ['a', two.item]);
    add(seen, ['a', one.item]);
    add(seen);
    expect(seen.newest?.seq).toBe(2n);
  });

  it('keeps the running one as the newest when all others are older', () => {
    const seen = sightings(two);
    expect(add(seen, ['a', one.item])).toEqual([]);
    expect(seen.newest).toBe(two);
  });

  const unsupported = signedValue(9n, encodeBencode(dictionary({ f: 2n, k: 1n })));
  it.each<[string, SignedItem, string]>([
    ['the key of a stranger', statementOf(9, {}, STRANGER).item, 'STATEMENT_BAD_SIGNATURE'],
    ['a bit changed', { ...two.item, value: two.item.value.with(9, 0x7a) }, 'STATEMENT_BAD_SIGNATURE'],
    ['another number than the signed one', { ...two.item, seq: 9n }, 'STATEMENT_BAD_SIGNATURE'],
    ['the name of another channel', statementOf(9, { channel: 'beta' }).item, 'STATEMENT_BAD_SIGNATURE'],
    ['the name of another app', statementOf(9, { app: 'other' }).item, 'STATEMENT_BAD_SIGNATURE'],
    ['another name inside than outside', misnamed(), 'STATEMENT_WRONG_NAME'],
    ['no bencode in it', signedValue(9n, asciiBytes('hello')), 'STATEMENT_MALFORMED'],
    ['nothing but an app in it', signedValue(9n, encodeBencode(dictionary({ f: 1n, k: 1n }))), 'STATEMENT_MALFORMED'],
    ['a later format', unsupported, 'STATEMENT_UNSUPPORTED'],
    ['a negative number', signedValue(-1n, two.item.value), 'STATEMENT_MALFORMED'],
  ])('does not believe a statement with %s, and believes the others beside it', (_, item, code) => {
    const seen = sightings();
    expect(add(seen, ['liar', item], ['honest', one.item])).toEqual([`liar ${code}`]);
    expect(seen.newest).toEqual(one);
  });

  it('verifies again what a liar repeats, and refuses it each time', () => {
    const seen = sightings();
    for (let look = 0; look < 3; look++) {
      expect(add(seen, ['liar', { ...two.item, seq: 9n }])).toEqual(['liar STATEMENT_BAD_SIGNATURE']);
    }
  });

  it('goes on telling good from bad after many different lies', () => {
    const seen = sightings();
    for (let lie = 0; lie < 200; lie++) add(seen, ['liar', { ...two.item, seq: BigInt(1000 + lie) }]);
    expect(add(seen, ['honest', two.item], ['liar', { ...two.item, seq: 5n }])).toEqual([
      'liar STATEMENT_BAD_SIGNATURE',
    ]);
    expect(seen.newest).toEqual(two);
  });
});

describe('two different statements under one number', () => {
  const conflicts = ['a STATEMENT_CONFLICT', 'b STATEMENT_CONFLICT'];

  it('are both refused, whichever comes first, and the next lower one is the newest', () => {
    for (const [first, second] of [
      [two, otherTwo],
      [otherTwo, two],
    ] as const) {
      const seen = sightings();
      expect(add(seen, ['c', one.item], ['a', first.item], ['b', second.item])).toEqual(conflicts);
      expect(seen.newest).toEqual(one);
    }
  });

  it('stay refused when later looks show one of them alone', () => {
    const seen = sightings();
    add(seen, ['a', two.item], ['b', otherTwo.item]);
    expect(add(seen, ['a', two.item])).toEqual(['a STATEMENT_CONFLICT']);
    expect(seen.newest).toBeUndefined();
  });

  it('are noticed when they are seen in different looks', () => {
    const seen = sightings();
    expect(add(seen, ['a', two.item])).toEqual([]);
    expect(add(seen, ['b', otherTwo.item])).toEqual(['b STATEMENT_CONFLICT']);
    expect(seen.newest).toBeUndefined();
  });

  it('leave the running one standing, and the other is refused', () => {
    const seen = sightings(two);
    expect(add(seen, ['b', otherTwo.item], ['a', two.item])).toEqual(['b STATEMENT_CONFLICT']);
    expect(seen.newest).toEqual(two);
  });

  it('do not keep a higher one from being taken', () => {
    const seen = sightings();
    add(seen, ['a', two.item], ['b', otherTwo.item], ['c', statementOf(3).item]);
    expect(seen.newest?.seq).toBe(3n);
  });

  it('are no conflict when they are one and the same, seen at two places', () => {
    const seen = sightings();
    expect(add(seen, ['a', two.item], ['b', statementOf(2).item])).toEqual([]);
    expect(seen.newest).toEqual(two);
  });

  it('are forgotten only far below the newest', () => {
    const seen = sightings();
    add(seen, ['a', two.item], ['b', otherTwo.item]);
    for (let seq = 3; seq <= 9; seq++) add(seen, ['c', statementOf(seq).item]);
    expect(add(seen, ['a', two.item])).toEqual(['a STATEMENT_CONFLICT']);
    add(seen, ['c', statementOf(10).item]);
    expect(add(seen, ['a', two.item])).toEqual([]);
    expect(seen.newest?.seq).toBe(10n);
  });
});

/** The owner's signature is good for the name asked for; the dictionary names another channel. */
function misnamed(): SignedItem {
  return signedValue(9n, statementOf(9, { channel: 'nightly' }).item.value);
}
