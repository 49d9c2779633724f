import { describe, expect, it } from 'vitest';
import { equalBytes } from '../../../src/core/base/bytes.ts';
import { HOUR_MS, MINUTE_MS } from '../../../src/core/base/units.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { MemoryDht } from '../../../src/testing/memory-dht.ts';
import { STRANGER } from '../../support/record-samples.ts';
import { scriptedDht } from '../../support/scripted-dht.ts';
import { statementOf } from '../../support/signed-statements.ts';
import { deadDht, having, ITEM, statements } from '../../support/statement-scene.ts';

const one = statementOf(1);
const two = statementOf(2);
/** The same number, another version. */
const otherTwo = statementOf(2, { version: '9.9.9' });
const forged = statementOf(9, {}, STRANGER);

describe('publish', () => {
  it('replaces older statements and leaves newer and other ones of the same number', async () => {
    const dht = scriptedDht({ nodes: 4 });
    dht.set(0, ITEM, one.item);
    dht.set(1, ITEM, otherTwo.item);
    dht.set(2, ITEM, { ...statementOf(3).item, value: new Uint8Array([1]) }); // nothing a reader believes
    expect(await statements(dht).publish(two)).toEqual({ statement: two, storedAt: 2 });
    expect(dht.puts.map(({ node }) => node)).toEqual([0, 3]);
    expect(dht.held(1, ITEM)).toEqual(otherTwo.item);
  });

  it('puts a newer one in place of its own, wherever it was seen', async () => {
    const dht = scriptedDht({ nodes: 3 });
    dht.set(2, ITEM, two.item);
    expect(await statements(dht).publish(one)).toEqual({ statement: two, storedAt: 3 });
    expect(dht.puts.map(({ node, seq }) => [node, seq])).toEqual([
      [0, 2n],
      [1, 2n],
    ]);
    const empty = scriptedDht({ nodes: 3 });
    const told = statements(empty, { running: one });
    await told.look([having('peer', two)]);
    expect(await told.publish(one)).toEqual({ statement: two, storedAt: 3 });
    const recalling = statements(empty);
    expect(recalling.recall(statementOf(3).item)).toBe(true);
    expect(await recalling.publish(one)).toEqual({ statement: statementOf(3), storedAt: 3 });
  });

  it('puts neither of two newer ones that have one number, but what is below', async () => {
    const dht = scriptedDht({ nodes: 4 });
    dht.set(0, ITEM, two.item);
    dht.set(1, ITEM, otherTwo.item);
    const told = statements(dht);
    expect(await told.publish(one)).toEqual({ statement: one, storedAt: 2 });
    expect(dht.puts.map(({ node, seq }) => [node, seq])).toEqual([
      [2, 1n],
      [3, 1n],
    ]);
    expect([told.isDisputed(two), told.isDisputed(otherTwo), told.isDisputed(one)]).toEqual([true, true, false]);
    expect(told.newestOf(one)).toEqual(one);
  });

  it('does not let a forged newer one keep it from publishing', async () => {
    const dht = scriptedDht({ nodes: 3 });
    const told = statements(dht);
    await told.look([having('liar', forged)]);
    expect(await told.publish(one)).toEqual({ statement: one, storedAt: 3 });
  });

  it('uses the nodes of a look that has just ended, once', async () => {
    const dht = scriptedDht({ nodes: 3 });
    const clock = new FakeClock();
    const both = statements(dht, { clock });
    await both.look();
    await clock.advance(MINUTE_MS);
    await both.publish(one);
    expect(dht.lookups).toHaveLength(1);
    await both.publish(one);
    expect(dht.lookups).toHaveLength(2); // what the look saw is not what the nodes hold now
    expect(dht.puts).toHaveLength(3);
  });

  it('looks by itself when the last look is over a minute old', async () => {
    const dht = scriptedDht({ nodes: 3 });
    const clock = new FakeClock();
    const both = statements(dht, { clock });
    await both.look();
    await clock.advance(MINUTE_MS + 1);
    await both.publish(one);
    expect(dht.lookups).toHaveLength(2);
  });

  it('puts at none but the 20 closest nodes', async () => {
    const dht = scriptedDht({ nodes: 25 });
    expect(await statements(dht).publish(one)).toEqual({ statement: one, storedAt: 20 });
    expect(Math.max(...dht.puts.map(({ node }) => node))).toBe(19);
  });

  it('keeps a statement alive for a day, alone, over nodes that forget after two hours', async () => {
    const clock = new FakeClock();
    const network = new MemoryDht({ now: () => clock.monotonic() });
    const publisher = statements(network.join(), { clock, running: two });
    let fewest = 20;
    for (let minute = 0; minute < 24 * 60; minute += 20) {
      await publisher.look();
      expect((await publisher.publish(two)).storedAt).toBeGreaterThan(0);
      const nodes = await network.join().getSigned(ITEM);
      fewest = Math.min(
        fewest,
        nodes.filter(({ item }) => item !== undefined && equalBytes(item.value, two.item.value)).length,
      );
      await clock.advance(20 * MINUTE_MS);
    }
    expect(fewest).toBeGreaterThanOrEqual(8);
  });

  it('counts those that refuse as not stored, and asks them no more for hours', async () => {
    const clock = new FakeClock();
    const dht = scriptedDht({
      nodes: 20,
      answer: (node) => (node === 0 ? 'refuses' : node === 1 ? 'keeps' : 'stores'),
    });
    const publisher = statements(dht, { clock });
    expect(await publisher.publish(two)).toEqual({ statement: two, storedAt: 19 }); // node 1 said yes
    for (let turn = 0; turn < 8; turn++) {
      expect(await publisher.publish(two)).toEqual({ statement: two, storedAt: 18 });
      await clock.advance(0.7 * HOUR_MS);
    }
    expect(dht.puts.filter(({ node }) => node < 2)).toHaveLength(2);
  });

  it('rejects with DHT_PUT_REFUSED when no node took it, with the reason of one', async () => {
    const dht = scriptedDht({ nodes: 3, answer: () => 'refuses' });
    await expect(statements(dht).publish(two)).rejects.toMatchObject({
      code: 'DHT_PUT_REFUSED',
      cause: { message: 'node 0 says no' },
    });
  });

  it('does not complain when a newer one was put there after the look that it uses', async () => {
    const dht = scriptedDht({ nodes: 3, answer: () => 'refuses' });
    const told = statements(dht);
    await told.look();
    dht.set(1, ITEM, two.item);
    expect((await told.publish(one)).storedAt).toBe(0);
    expect(dht.puts).toHaveLength(3);
    expect(told.standing).toEqual([two]);
  });

  it('complains when what was put there after the look is nothing a reader believes', async () => {
    const dht = scriptedDht({ nodes: 3, answer: () => 'refuses' });
    const told = statements(dht);
    await told.look();
    dht.set(1, ITEM, forged.item);
    await expect(told.publish(one)).rejects.toMatchObject({ code: 'DHT_PUT_REFUSED' });
  });

  it('does not complain where every node holds another statement of the same number', async () => {
    const dht = scriptedDht({ nodes: 2 });
    for (const node of [0, 1]) dht.set(node, ITEM, otherTwo.item);
    expect(await statements(dht, { running: two }).publish(two)).toEqual({ statement: two, storedAt: 0 });
  });

  it('rejects with DHT_UNREACHABLE when nobody answers', async () => {
    await expect(statements(deadDht()).publish(two)).rejects.toMatchObject({ code: 'DHT_UNREACHABLE' });
  });

  it('lets a bug through', async () => {
    const bug = new TypeError('not a function');
    const dht = scriptedDht({
      nodes: 2,
      afterPut: () => {
        throw bug;
      },
    });
    await expect(statements(dht).publish(two)).rejects.toBe(bug);
  });
});
