import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../../../src/core/base/units.ts';
import { ITEM_LIFETIME_MS } from '../../../src/core/dht/item-store.ts';
import { ItemUpkeep, type ItemHolding } from '../../../src/core/dht/item-upkeep.ts';

const SEQ = 7n;

/** `same`, `nothing`, `older`, `newer` or `other` (another value under the same number). */
type Held = 'same' | 'nothing' | 'older' | 'newer' | 'other';

function holdingsOf(held: readonly Held[]): ItemHolding[] {
  const seqs = { same: SEQ, nothing: undefined, older: SEQ - 1n, newer: SEQ + 1n, other: SEQ };
  return held.map((each, index) => ({ address: `node ${index}`, seq: seqs[each], isSame: each === 'same' }));
}

/** So many nodes hold it, and behind them the others. */
function withHolders(count: number, ...others: readonly Held[]): ItemHolding[] {
  return holdingsOf([...Array.from({ length: count }, () => 'same' as const), ...others]);
}

const always = (): number => 0;
const never = (): number => 0.999;

/** The numbers of the nodes that are put at. */
function planned(upkeep: ItemUpkeep, holdings: readonly ItemHolding[], nowMs = 0): number[] {
  return upkeep.plan({ seq: SEQ, holdings, nowMs }).map((address) => Number(address.slice('node '.length)));
}

describe('the upkeep of an item', () => {
  it.each<[name: string, holdings: ItemHolding[], luck: () => number, expected: number[]]>([
    ['nobody holds it: at all', holdingsOf(['nothing', 'nothing']), never, [0, 1]],
    ['an older one is replaced', holdingsOf(['older', 'nothing']), never, [0, 1]],
    ['a newer one is left', holdingsOf(['newer', 'nothing']), never, [1]],
    ['another value under the same number is left', holdingsOf(['other', 'nothing']), never, [1]],
    ['seven hold it: at the others', withHolders(7, 'nothing', 'older', 'newer'), never, [7, 8]],
    ['eight hold it: hardly ever at the others', withHolders(8, 'nothing', 'older'), never, []],
    ['eight hold it, and the draw says yes', withHolders(8, 'nothing', 'older', 'newer'), always, [8, 9]],
    ['all hold it', withHolders(20), always, []],
    ['nobody answered', [], always, []],
  ])('%s', (_, holdings, luck, expected) => {
    expect(planned(new ItemUpkeep(luck), holdings)).toEqual(expected);
  });

  it('draws the one in eight from below an eighth', () => {
    expect(planned(new ItemUpkeep(() => 0.124), withHolders(8, 'nothing'))).toEqual([8]);
    expect(planned(new ItemUpkeep(() => 0.125), withHolders(8, 'nothing'))).toEqual([]);
  });

  it('refreshes what it put after an hour, a quarter more or less, and long before the item dies', () => {
    for (const [fraction, dueMs] of [
      [0, 0.75 * HOUR_MS],
      [0.999999, 1.25 * HOUR_MS],
    ] as const) {
      const upkeep = new ItemUpkeep(() => fraction);
      expect(planned(upkeep, holdingsOf(['nothing']))).toEqual([0]);
      expect(planned(upkeep, holdingsOf(['same']), dueMs - 10_000)).toEqual([]);
      expect(planned(upkeep, holdingsOf(['same']), dueMs)).toEqual([0]);
      expect(dueMs).toBeLessThan(ITEM_LIFETIME_MS);
    }
  });

  it('does not refresh what others put', () => {
    expect(planned(new ItemUpkeep(always), withHolders(3), 100 * HOUR_MS)).toEqual([]);
  });

  it('leaves the refresh to others half of the time where nine hold it, and for good', () => {
    const upkeep = new ItemUpkeep(() => 0.5);
    expect(planned(upkeep, withHolders(7, 'nothing'))).toEqual([7]);
    expect(planned(upkeep, withHolders(9), 2 * HOUR_MS)).toEqual([]);
    expect(planned(upkeep, withHolders(9), 4 * HOUR_MS)).toEqual([]);
    const lucky = new ItemUpkeep(() => 0.49);
    planned(lucky, withHolders(7, 'nothing'));
    expect(planned(lucky, withHolders(9), 2 * HOUR_MS)).toEqual([7]);
  });

  it('never leaves it to others where fewer than eight hold it', () => {
    const upkeep = new ItemUpkeep(never);
    planned(upkeep, holdingsOf(['nothing', 'nothing']));
    expect(planned(upkeep, withHolders(2), 2 * HOUR_MS)).toEqual([0, 1]);
  });

  it.each([
    ['six hours', 8, 6 * HOUR_MS],
    ['ten minutes while fewer than eight hold it', 7, 10 * MINUTE_MS],
  ])('leaves a node that did not keep what it was given alone for %s, and then tries again', (_, holders, restMs) => {
    const upkeep = new ItemUpkeep(always);
    const holdings = withHolders(holders, 'nothing');
    expect(planned(upkeep, holdings)).toEqual([holders]);
    const seenMs = MINUTE_MS;
    for (let nowMs = seenMs; nowMs < seenMs + restMs; nowMs += MINUTE_MS) {
      expect(planned(upkeep, holdings, nowMs)).toEqual([]);
    }
    expect(planned(upkeep, holdings, seenMs + restMs)).toEqual([holders]);
  });

  it('comes back to an unwilling node as soon as too few others are left', () => {
    const upkeep = new ItemUpkeep(always);
    planned(upkeep, withHolders(0, 'nothing'));
    const others = (count: number): ItemHolding[] => [
      { address: 'node 0', seq: undefined, isSame: false },
      ...withHolders(count + 1).slice(1),
    ];
    expect(planned(upkeep, others(8), MINUTE_MS)).toEqual([]);
    expect(planned(upkeep, others(8), HOUR_MS)).toEqual([]);
    expect(planned(upkeep, others(7), HOUR_MS)).toEqual([0]);
  });

  it('begins anew with another sequence number', () => {
    const upkeep = new ItemUpkeep(never);
    planned(upkeep, holdingsOf(['nothing']));
    const older = [{ address: 'node 0', seq: SEQ, isSame: false }];
    expect(upkeep.plan({ seq: SEQ + 1n, holdings: older, nowMs: MINUTE_MS })).toEqual(['node 0']);
  });

  it('remembers at most 256 nodes', () => {
    const upkeep = new ItemUpkeep(always);
    const many = Array.from({ length: 257 }, (_, index) => ({
      address: `node ${index}`,
      seq: undefined,
      isSame: false,
    }));
    planned(upkeep, many);
    expect(planned(upkeep, many.slice(0, 2), MINUTE_MS)).toEqual([0]); // the first was forgotten, the second not
  });
});

/** Nodes of one program that look once a minute each, in random order, for `hours`. */
function simulate(nodes: number, hours: number) {
  const fraction = repeatableFractions();
  const upkeeps = Array.from({ length: nodes }, () => new ItemUpkeep(fraction));
  const expiresMs = new Array<number>(20).fill(0);
  const held = (nowMs: number): ItemHolding[] =>
    expiresMs.map((endMs, index) => ({
      address: `node ${index}`,
      seq: endMs > nowMs ? SEQ : undefined,
      isSame: endMs > nowMs,
    }));
  /** A put arrives three seconds after the look that led to it. */
  const underWay: { readonly node: number; readonly atMs: number }[] = [];
  let puts = 0;
  let fewest = 20;
  const stepMs = MINUTE_MS / nodes;
  for (let nowMs = 0; nowMs < hours * HOUR_MS; nowMs += stepMs) {
    while (underWay[0] !== undefined && underWay[0].atMs <= nowMs) {
      const put = underWay.shift();
      if (put !== undefined) expiresMs[put.node] = put.atMs + ITEM_LIFETIME_MS;
    }
    const holdings = held(nowMs);
    const holders = holdings.filter(({ isSame }) => isSame).length;
    if (nowMs > 5 * MINUTE_MS) fewest = Math.min(fewest, holders);
    const upkeep = upkeeps[Math.floor(fraction() * nodes)];
    for (const node of upkeep === undefined ? [] : planned(upkeep, holdings, nowMs)) {
      puts++;
      underWay.push({ node, atMs: nowMs + 3000 });
    }
  }
  return { putsPerHour: puts / hours, fewest };
}

function repeatableFractions(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('the upkeep of an item by many nodes', () => {
  it.each([
    [1, 24, 25],
    [10, 24, 25],
    [1000, 24, 250],
  ])('%i nodes keep eight holders and more over %i hours, with less than %i puts an hour', (nodes, hours, limit) => {
    const { putsPerHour, fewest } = simulate(nodes, hours);
    expect(fewest).toBeGreaterThanOrEqual(8);
    expect(putsPerHour).toBeLessThan(limit);
  });
});
