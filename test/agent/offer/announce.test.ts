import { describe, expect, it } from 'vitest';
import { announceOnce, type AnnounceOptions } from '../../../src/agent/offer/announce.ts';
import { discover } from '../../../src/agent/find/discover.ts';
import { PeerpatchError } from '../../../src/core/base/errors.ts';
import { equalBytes } from '../../../src/core/base/bytes.ts';
import { openOrIgnore } from '../../../src/core/record/open.ts';
import { slotAt } from '../../../src/core/record/slot.ts';
import { formatVersion } from '../../../src/core/release/version.ts';
import type { Dht, ItemKey } from '../../../src/ports/dht.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { MemoryDht } from '../../../src/testing/memory-dht.ts';
import { nodeKey, OWNER, releaseOf, repeatableRandom, STRANGER, TOPIC, valueOf } from '../../support/record-samples.ts';
import { scriptedDht, type ScriptedDht } from '../../support/scripted-dht.ts';

const MINUTE = 29_000_000;
const MAX_SEQ = 2n ** 63n - 1n;
const slot = slotAt(TOPIC, MINUTE);
const keyOf = (minute: number): ItemKey => slotAt(TOPIC, minute).itemKey;
const clockAt = (second: number): FakeClock => new FakeClock(MINUTE * 60_000 + second * 1000);

function announce(dht: Dht, options: Partial<AnnounceOptions> & { node?: number; version?: string } = {}) {
  const { node = 1, version = '1.0.0', ...rest } = options;
  return announceOnce({
    dht,
    owner: OWNER.publicKey,
    topic: TOPIC,
    clock: clockAt(0),
    random: repeatableRandom(node),
    nodeKey: nodeKey(node),
    release: () => releaseOf(version),
    hints: () => ({ addresses: ['127.0.0.1:4433'] }),
    ...rest,
  });
}

/** What each storing node holds: `publisher@version`, `garbage` or `nothing`. */
async function contents(dht: Dht, minute = MINUTE): Promise<string[]> {
  const nodes = await dht.get(keyOf(minute));
  return Promise.all(
    nodes.map(async ({ item }) => {
      if (item === undefined) return 'nothing';
      const found = await openOrIgnore({ slot: slotAt(TOPIC, minute), owner: OWNER.publicKey, value: item.value });
      if (found === undefined) return 'garbage';
      const publisher = [1, 2, 3, 4, 5].find((number) => equalBytes(nodeKey(number).publicKey, found.nodeId)) ?? '?';
      return `${publisher}@${formatVersion(found.release.version)}`;
    }),
  );
}

const count = (texts: readonly string[], text: string): number => texts.filter((each) => each === text).length;

describe('announceOnce in a working DHT', () => {
  it('is found by discover, with its hints', async () => {
    const dht = new MemoryDht().join();
    expect(await announce(dht)).toEqual({ storedAt: 16, minute: MINUTE });
    const found = await discover({ dht, owner: OWNER.publicKey, topic: TOPIC, clock: clockAt(59) });
    expect(found).toHaveLength(1);
    expect(found[0]?.peer).toEqual({ nodeId: nodeKey(1).publicKey, addresses: ['127.0.0.1:4433'] });
    expect(found[0]?.release).toEqual(releaseOf('1.0.0'));
  });

  it('shares the slot fairly with other publishers of the same version', async () => {
    const network = new MemoryDht();
    for (const node of [1, 2, 3]) await announce(network.join(), { node });
    const held = await contents(network.join());
    expect([1, 2, 3].map((node) => count(held, `${node}@1.0.0`)).sort()).toEqual([5, 5, 6]);
  });

  it('comes to rest: announcing again in the same minute puts nothing', async () => {
    const dht = scriptedDht({ nodes: 7 });
    await announce(dht, { node: 1 });
    await announce(dht, { node: 2 });
    const puts = dht.puts.length;
    expect((await announce(dht, { node: 1 })).storedAt).toBe(3);
    expect((await announce(dht, { node: 2 })).storedAt).toBe(3);
    expect(dht.puts.length).toBe(puts);
  });

  it('does not fail where a newer version takes every node between its look and its put', async () => {
    const newer = await valueOf({ node: 2, minute: MINUTE, release: releaseOf('2.0.0') });
    const dht = scriptedDht({
      nodes: 3,
      answer: () => 'keeps',
      afterPut: (node, key) => {
        dht.set(node, key, { seq: 9n, value: newer });
      },
    });
    expect(await announce(dht)).toEqual({ storedAt: 0, minute: MINUTE });
    expect(dht.puts.length).toBeGreaterThan(0);
  });

  it('replaces older versions and leaves newer ones', async () => {
    const network = new MemoryDht();
    await announce(network.join(), { node: 1, version: '1.0.0' });
    expect((await announce(network.join(), { node: 2, version: '2.0.0' })).storedAt).toBe(16);
    expect(await announce(network.join(), { node: 3, version: '1.5.0' })).toEqual({ storedAt: 0, minute: MINUTE });
    expect(count(await contents(network.join()), '2@2.0.0')).toBe(16);
  });

  it('replaces its own record after an update', async () => {
    const network = new MemoryDht();
    await announce(network.join(), { node: 1, version: '1.0.0' });
    expect((await announce(network.join(), { node: 1, version: '1.0.1' })).storedAt).toBe(16);
    expect(count(await contents(network.join()), '1@1.0.1')).toBe(16);
  });

  it('asks for release and hints each time', async () => {
    const dht = new MemoryDht().join();
    let version = '1.0.0';
    const options = {
      release: () => releaseOf(version),
      hints: () => ({ addresses: [`127.0.0.1:${version.length}`] }),
    };
    await announce(dht, options);
    version = '1.0.10';
    await announce(dht, options);
    const found = await discover({ dht, owner: OWNER.publicKey, topic: TOPIC, clock: clockAt(0) });
    expect(found.map(({ release }) => formatVersion(release.version))).toEqual(['1.0.10']);
    expect(found[0]?.peer.addresses).toEqual(['127.0.0.1:6']);
  });
});

describe('announceOnce among strangers', () => {
  const fill = (dht: ScriptedDht, values: readonly Uint8Array[], seq = 0n): void => {
    values.forEach((value, node) => {
      dht.set(node, slot.itemKey, { seq, value });
    });
  };

  it('takes a slot filled with forged records of version 999.0.0', async () => {
    const dht = scriptedDht({ nodes: 3 });
    const forged = await valueOf({ node: 5, minute: MINUTE, release: releaseOf('999.0.0', STRANGER) });
    fill(dht, [forged, forged, forged], 41n);
    expect((await announce(dht)).storedAt).toBe(3);
    expect(dht.puts.map(({ seq }) => seq)).toEqual([42n, 42n, 42n]);
  });

  it('takes a slot filled with garbage under the last sequence number', async () => {
    const dht = scriptedDht({ nodes: 2 });
    fill(dht, [new Uint8Array(), new Uint8Array(996)], MAX_SEQ);
    expect((await announce(dht)).storedAt).toBe(2);
    expect(dht.puts.map(({ seq }) => seq)).toEqual([MAX_SEQ, MAX_SEQ]);
  });

  it('appears among more publishers than there are nodes', async () => {
    const dht = scriptedDht({ nodes: 3 });
    fill(
      dht,
      await Promise.all([2, 3, 4].map((node) => valueOf({ node, minute: MINUTE, release: releaseOf('1.0.0') }))),
    );
    expect((await announce(dht)).storedAt).toBe(1);
    expect(count(await contents(dht), '1@1.0.0')).toBe(1);
  });

  it('counts what is stored, not what was said to be: nodes that keep what they have', async () => {
    const dht = scriptedDht({ nodes: 4, answer: (node) => (node < 2 ? 'keeps' : 'stores') });
    expect((await announce(dht)).storedAt).toBe(2);
    // Once more at those that lost it, and no more than once.
    expect(dht.puts.map(({ node }) => node)).toEqual([0, 1, 2, 3, 0, 1]);
    expect(dht.lookups).toHaveLength(3);
  });

  it('puts again what another publisher displaced meanwhile', async () => {
    const other = await valueOf({ node: 5, minute: MINUTE, release: releaseOf('0.9.0') });
    const dht = scriptedDht({
      nodes: 2,
      afterPut: (node, key) => {
        if (dht.puts.length === 2) dht.set(node, key, { seq: 7n, value: other });
      },
    });
    expect((await announce(dht)).storedAt).toBe(2);
    expect(dht.puts.map(({ node, seq }) => [node, seq])).toEqual([
      [0, 0n],
      [1, 0n],
      [1, 8n],
    ]);
  });

  it('is content with the nodes that accept', async () => {
    const dht = scriptedDht({ nodes: 3, answer: (node) => (node === 0 ? 'stores' : 'refuses') });
    expect((await announce(dht)).storedAt).toBe(1);
  });

  it.each(['refuses', 'keeps'] as const)('fails when no node stores: every node %s', async (answer) => {
    const dht = scriptedDht({ nodes: 3, answer: () => answer });
    await expect(announce(dht)).rejects.toMatchObject({ code: 'DHT_PUT_REFUSED' });
  });
});

describe('announceOnce when the minute ends', () => {
  it('goes to the new slot when the lookup took until then', async () => {
    const clock = clockAt(59);
    const dht = scriptedDht({
      nodes: 2,
      beforeGet: (_key, lookup) => (lookup === 1 ? clock.advance(2000) : undefined),
    });
    expect(await announce(dht, { clock })).toEqual({ storedAt: 2, minute: MINUTE + 1 });
    expect(await contents(dht, MINUTE)).toEqual(['nothing', 'nothing']);
  });

  it('stores in the slot at hand when every lookup takes that long', async () => {
    const clock = clockAt(0);
    const dht = scriptedDht({ nodes: 1, beforeGet: () => clock.advance(61_000) });
    expect((await announce(dht, { clock })).storedAt).toBe(1);
    expect(dht.lookups.length).toBe(4); // three slots, and one to read back
  });
});

describe('announceOnce, when it cannot go on', () => {
  const unreachable = new PeerpatchError('DHT_UNREACHABLE', 'no node answered');

  it('rejects when nobody answers', async () => {
    const dht = scriptedDht({ nodes: 1, beforeGet: () => Promise.reject(unreachable) });
    await expect(announce(dht)).rejects.toBe(unreachable);
  });

  it('never takes a bug for a refusal', async () => {
    const bug = new TypeError('a bug');
    const dht = scriptedDht({
      nodes: 2,
      afterPut: () => {
        throw bug;
      },
    });
    await expect(announce(dht)).rejects.toBe(bug);
  });

  it.each([
    ['before it starts', 0],
    ['during the first lookup', 1],
    ['while it reads back', 2],
  ])("rejects with the signal's reason when it is aborted %s", async (_name, lookup) => {
    const stop = new AbortController();
    const reason = new Error('stop');
    if (lookup === 0) stop.abort(reason);
    const dht = scriptedDht({
      nodes: 1,
      beforeGet: (_key, number) => {
        if (number === lookup) stop.abort(reason);
      },
    });
    await expect(announce(dht, { signal: stop.signal })).rejects.toBe(reason);
    expect(dht.puts).toHaveLength(lookup === 2 ? 1 : 0);
  });
});
