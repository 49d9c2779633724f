import { describe, expect, it } from 'vitest';
import { MAX_WALK_QUERIES } from '../../../src/core/base/limits.ts';
import { formatAddress } from '../../../src/core/dht/address.ts';
import type { Contact } from '../../../src/core/dht/contact.ts';
import { Lookup, type LookupOptions, type LookupQuery } from '../../../src/core/dht/lookup.ts';
import { contactOf, idOf, localAddress } from '../../support/dht-samples.ts';

const TARGET = idOf(0);

function lookupFrom(seeds: LookupOptions['seeds'], options: Partial<LookupOptions> = {}): Lookup {
  return new Lookup({
    target: TARGET,
    ownId: idOf(0xff, 0xff),
    seeds,
    sweep: false,
    isSuspect: () => false,
    ...options,
  });
}

/** Contacts at distances 1, 2, 3, ... from the target. */
const contacts = (count: number, from = 1): Contact[] =>
  Array.from({ length: count }, (_, index) => contactOf(idOf(0, index + from), localAddress(index + from)));

const asked = (queries: readonly LookupQuery[]): string[] => queries.map(({ address }) => formatAddress(address));

/** Answers every query at once with the same contacts until the walk is done. */
function answerAll(lookup: Lookup, known: readonly Contact[], named: readonly Contact[]): LookupQuery[] {
  const all: LookupQuery[] = [];
  for (let queries = lookup.next(0); queries.length > 0; queries = lookup.next(0)) {
    for (const query of queries) {
      all.push(query);
      const contact = known.find(({ address }) => formatAddress(address) === formatAddress(query.address));
      if (contact === undefined) lookup.onFailure(query);
      else lookup.onAnswer(query, contact.id, named, 0);
    }
  }
  return all;
}

describe('a walk', () => {
  it('asks the closest ten at once, and the next as answers come', () => {
    const lookup = lookupFrom(contacts(15));
    const first = lookup.next(0);
    expect(asked(first)).toEqual(asked(contacts(10).map((contact) => ({ ...contact, kind: 'walk', target: TARGET }))));
    expect(lookup.next(0)).toEqual([]);
    const [query] = first;
    if (query !== undefined) lookup.onAnswer(query, idOf(0, 1), [], 0);
    expect(asked(lookup.next(0))).toEqual(['127.0.0.1:1011']);
  });

  it('asks an address whose id is unknown first', () => {
    const lookup = lookupFrom([...contacts(10), { address: localAddress(99) }]);
    expect(asked(lookup.next(0))[0]).toBe('127.0.0.1:1099');
  });

  it('ends with the 20 closest that answer and asks none beyond them', () => {
    const known = contacts(100);
    const lookup = lookupFrom(known);
    const all = answerAll(lookup, known, []);
    expect(lookup.isDone(0)).toBe(true);
    expect(lookup.answered.map(({ id }) => id[1])).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(all).toHaveLength(20);
  });

  it('asks closer nodes it hears of late', () => {
    const far = contacts(20, 50);
    const near = contacts(3);
    const lookup = lookupFrom(far);
    answerAll(lookup, [...far, ...near], near);
    expect(lookup.answered.slice(0, 3).map(({ id }) => id[1])).toEqual([1, 2, 3]);
  });

  it('asks nobody twice, and never itself', () => {
    const known = contacts(5);
    const own = contactOf(idOf(0xff, 0xff), localAddress(77));
    const all = answerAll(lookupFrom([...known, ...known]), known, [...known, own]);
    expect(all).toHaveLength(5);
  });

  it('is done at once where there is nobody to ask', () => {
    const lookup = lookupFrom([]);
    expect(lookup.next(0)).toEqual([]);
    expect(lookup.isDone(0)).toBe(true);
    expect(lookup.answered).toEqual([]);
  });

  it('does not wait for a slow node when others have answered, but counts its late answer until the end', () => {
    const known = contacts(12);
    const lookup = lookupFrom(known);
    const [slow, ...others] = lookup.next(0);
    for (const query of others.slice(1)) lookup.onAnswer(query, idOf(0, query.address.port - 1000), [], 10);
    lookup.next(10);
    expect(lookup.isDone(10)).toBe(false);
    expect(lookup.wakeMs(10)).toBe(350);
    expect(lookup.isDone(349)).toBe(false);
    if (slow !== undefined) lookup.onAnswer(slow, idOf(0, 1), [], 349);
    expect(lookup.answered[0]?.id[1]).toBe(1);
    // Two from the second round are slow as well, and one of the first.
    expect(lookup.isDone(360 + 350 * 1.5)).toBe(true);
  });

  it('frees the place of a slow node for the next', () => {
    const lookup = lookupFrom(contacts(12));
    expect(lookup.next(0)).toHaveLength(10);
    expect(lookup.next(349)).toHaveLength(0);
    expect(lookup.next(350)).toHaveLength(2);
  });

  it('waits longer where the answers take longer, up to a bound', () => {
    const lookup = lookupFrom(contacts(3));
    const [first, second] = lookup.next(0);
    if (first !== undefined) lookup.onAnswer(first, idOf(0, 1), [], 400);
    expect(lookup.wakeMs(400)).toBe(600);
    if (second !== undefined) lookup.onAnswer(second, idOf(0, 2), [], 1800);
    expect(lookup.isDone(1499)).toBe(false);
    expect(lookup.isDone(1500)).toBe(true);
  });

  it('waits for the last one while nobody has answered', () => {
    const lookup = lookupFrom(contacts(1));
    const [query] = lookup.next(0);
    expect(lookup.isDone(1999)).toBe(false);
    if (query !== undefined) lookup.onFailure(query);
    expect(lookup.isDone(2000)).toBe(true);
  });

  it('asks suspects without waiting for them', () => {
    const known = contacts(4);
    const lookup = lookupFrom(known.map((contact, index) => ({ ...contact, suspect: index < 2 })));
    const queries = lookup.next(0);
    expect(queries).toHaveLength(4);
    for (const query of queries.slice(2)) lookup.onAnswer(query, idOf(0, query.address.port - 1000), [], 1);
    expect(lookup.next(1)).toEqual([]);
    expect(lookup.isDone(1)).toBe(true);
  });

  it('takes the id a node answers with, not the one it was named with', () => {
    const lookup = lookupFrom(contacts(1));
    const [query] = lookup.next(0);
    if (query !== undefined) lookup.onAnswer(query, idOf(0, 200), [], 1);
    expect(lookup.answered.map(({ id }) => id[1])).toEqual([200]);
  });

  it('sends a bounded number of queries, whatever it is told', () => {
    let made = 0;
    const lookup = lookupFrom(contacts(10));
    let queries = 0;
    for (let batch = lookup.next(0); batch.length > 0; batch = lookup.next(0)) {
      for (const query of batch) {
        queries++;
        // Each node names eight closer ones: a chain without an end.
        const named = Array.from({ length: 8 }, () =>
          contactOf(idOf(0, 0, 255 - (++made >> 8), made & 0xff), localAddress(2000 + made)),
        );
        lookup.onFailure(query);
        lookup.onAnswer(query, idOf(1, made >> 8, made & 0xff), named, 0);
      }
    }
    expect(queries).toBeLessThanOrEqual(MAX_WALK_QUERIES);
    expect(lookup.isDone(0)).toBe(true);
  });

  describe('in a small network', () => {
    it('asks for the nodes of the seven other eighths of the id space', () => {
      const lookup = lookupFrom(contacts(3), { sweep: true });
      const sweeps = answerAll(lookup, contacts(3), []).filter(({ kind }) => kind === 'sweep');
      const sectors = new Set(sweeps.map(({ target }) => (target[0] ?? 0) >> 5));
      expect(sectors).toEqual(new Set([1, 2, 3, 4, 5, 6, 7]));
      expect(sweeps).toHaveLength(14);
      expect(lookup.swept).toBe(true);
    });

    it('asks the nodes found there for the target', () => {
      const far = contactOf(idOf(0xe0), localAddress(99));
      const lookup = lookupFrom(contacts(2), { sweep: true });
      for (let queries = lookup.next(0); queries.length > 0; queries = lookup.next(0)) {
        for (const query of queries) {
          const named = query.kind === 'sweep' && (query.target[0] ?? 0) >> 5 === 7 ? [far] : [];
          const known = [...contacts(2), far].find(
            ({ address }) => formatAddress(address) === formatAddress(query.address),
          );
          lookup.onAnswer(query, known?.id ?? TARGET, named, 0);
        }
      }
      expect(lookup.answered.map(({ id }) => id[0])).toEqual([0, 0, 0xe0]);
    });

    it('does not when 20 nodes have answered, nor when told not to', () => {
      for (const [count, sweep] of [
        [20, true],
        [3, false],
      ] as const) {
        const lookup = lookupFrom(contacts(count), { sweep });
        expect(answerAll(lookup, contacts(count), []).every(({ kind }) => kind === 'walk')).toBe(true);
        expect(lookup.swept).toBe(false);
      }
    });
  });
});
