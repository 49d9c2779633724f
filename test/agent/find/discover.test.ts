import { describe, expect, it } from 'vitest';
import { discover, type DiscoverOptions } from '../../../src/agent/find/discover.ts';
import { PeerpatchError } from '../../../src/core/base/errors.ts';
import { toHex } from '../../../src/core/base/hex.ts';
import { MAX_SLOT_VALUES } from '../../../src/core/base/limits.ts';
import type { ItemName } from '../../../src/core/dht/item.ts';
import type { Announcement } from '../../../src/core/record/open.ts';
import { slotAt } from '../../../src/core/record/slot.ts';
import { formatVersion } from '../../../src/core/release/version.ts';
import type { ItemKey } from '../../../src/ports/dht.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { nodeKey, OWNER, releaseOf, STRANGER, TOPIC, valueOf } from '../../support/record-samples.ts';
import { scriptedDht, type ScriptedDht } from '../../support/scripted-dht.ts';

const MINUTE = 29_000_000;
const clock = new FakeClock(MINUTE * 60_000 + 30_000);
const keyOf = (minute: number): ItemKey => slotAt(TOPIC, minute).itemKey;
const unreachable = new PeerpatchError('DHT_UNREACHABLE', 'no node answered');

function look(dht: ScriptedDht, options: Partial<DiscoverOptions> = {}): Promise<Announcement[]> {
  return discover({ dht, owner: OWNER.publicKey, topic: TOPIC, clock, ...options });
}

/** `node@version#minute` of each, sorted. */
function names(announcements: readonly Announcement[]): string[] {
  const numbers = new Map(Array.from({ length: 100 }, (_, number) => [toHex(nodeKey(number).publicKey), number]));
  return announcements
    .map(({ nodeId, release, minute }) => {
      const number = numbers.get(toHex(nodeId)) ?? 'unknown';
      return `${number}@${formatVersion(release.version)}#${minute - MINUTE}`;
    })
    .sort();
}

describe('discover', () => {
  it('finds nothing in an empty DHT', async () => {
    expect(await look(scriptedDht({ nodes: 3 }))).toEqual([]);
  });

  it('reads this minute, the one before and the one after, at once', async () => {
    let waiting = 0;
    let release: () => void = () => undefined;
    const all = new Promise<void>((resolve) => (release = resolve));
    const dht = scriptedDht({
      nodes: 1,
      beforeGet: async () => {
        if (++waiting === 3) release();
        await all; // would never end if the lookups came one after the other
      },
    });
    await look(dht);
    expect(dht.lookups.sort()).toEqual(
      [MINUTE, MINUTE - 1, MINUTE + 1].map((each) => toHex(keyOf(each).publicKey)).sort(),
    );
  });

  it('returns every different value of every node', async () => {
    const dht = scriptedDht({ nodes: 4 });
    dht.set(0, keyOf(MINUTE), { seq: 0n, value: await valueOf({ node: 1, minute: MINUTE }) });
    dht.set(1, keyOf(MINUTE), {
      seq: 9n,
      value: await valueOf({ node: 2, minute: MINUTE, release: releaseOf('2.0.0') }),
    });
    dht.set(2, keyOf(MINUTE), { seq: 0n, value: await valueOf({ node: 1, minute: MINUTE }) }); // as node 0
    dht.set(3, keyOf(MINUTE - 1), { seq: 0n, value: await valueOf({ node: 3, minute: MINUTE - 1 }) });
    dht.set(0, keyOf(MINUTE + 1), { seq: 0n, value: await valueOf({ node: 4, minute: MINUTE + 1 }) });
    expect(names(await look(dht))).toEqual(['1@1.2.3#0', '2@2.0.0#0', '3@1.2.3#-1', '4@1.2.3#1']);
  });

  it('ignores bad values and keeps the good ones beside them', async () => {
    const good = await valueOf({ node: 1, minute: MINUTE });
    const bad: Uint8Array[] = [
      new Uint8Array(),
      new Uint8Array(3),
      new Uint8Array(996).fill(0xff),
      good.slice(0, -1),
      good.with(300, (good[300] ?? 0) ^ 1),
      await valueOf({ node: 2, minute: MINUTE - 1 }), // of another slot
      await valueOf({ node: 3, minute: MINUTE, release: releaseOf('999.0.0', STRANGER) }),
    ];
    const dht = scriptedDht({ nodes: bad.length + 1 });
    bad.forEach((value, node) => {
      dht.set(node, keyOf(MINUTE), { seq: 2n ** 63n - 1n, value });
    });
    dht.set(bad.length, keyOf(MINUTE), { seq: 0n, value: good });
    expect(names(await look(dht))).toEqual(['1@1.2.3#0']);
  });

  it('leaves out its own announcements', async () => {
    const dht = scriptedDht({ nodes: 2 });
    dht.set(0, keyOf(MINUTE), { seq: 0n, value: await valueOf({ node: 1, minute: MINUTE }) });
    dht.set(1, keyOf(MINUTE), { seq: 0n, value: await valueOf({ node: 2, minute: MINUTE }) });
    expect(names(await look(dht, { nodeId: nodeKey(1).publicKey }))).toEqual(['2@1.2.3#0']);
  });

  it('reports each announcement while the lookup still runs', async () => {
    let reported: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (reported = resolve));
    const dht = scriptedDht({ nodes: 1, afterNodes: () => first }); // ends only after the report
    dht.set(0, keyOf(MINUTE), { seq: 0n, value: await valueOf({ node: 1, minute: MINUTE }) });
    const seen: Announcement[] = [];
    const found = await look(dht, {
      onAnnouncement: (announcement) => {
        seen.push(announcement);
        reported();
      },
    });
    expect(found).toEqual(seen);
    expect(seen).toHaveLength(1);
  });

  it('opens no more values of a slot than the limit', async () => {
    const dht = scriptedDht({ nodes: MAX_SLOT_VALUES + 2 });
    const good = await valueOf({ node: 1, minute: MINUTE });
    for (let node = 0; node < MAX_SLOT_VALUES; node++) {
      dht.set(node, keyOf(MINUTE), { seq: 0n, value: Uint8Array.of(node) });
    }
    dht.set(MAX_SLOT_VALUES, keyOf(MINUTE), { seq: 0n, value: good });
    expect(await look(dht)).toEqual([]);
    dht.set(0, keyOf(MINUTE), { seq: 0n, value: good });
    expect(await look(dht)).toHaveLength(1);
  });

  it('throws what onAnnouncement throws', async () => {
    const dht = scriptedDht({ nodes: 1 });
    dht.set(0, keyOf(MINUTE), { seq: 0n, value: await valueOf({ node: 1, minute: MINUTE }) });
    const bug = new TypeError('a bug');
    const onAnnouncement = (): never => {
      throw bug;
    };
    await expect(look(dht, { onAnnouncement })).rejects.toBe(bug);
  });
});

describe('discover, when lookups fail', () => {
  const failing = (...minutes: number[]): ((name: ItemName) => void) => {
    const keys = minutes.map((minute) => toHex(keyOf(minute).publicKey));
    return ({ publicKey }) => {
      if (keys.includes(toHex(publicKey))) throw unreachable;
    };
  };

  it.each([[[MINUTE - 1]], [[MINUTE + 1]], [[MINUTE - 1, MINUTE + 1]]])(
    'still returns what the others found: %j fail',
    async (minutes) => {
      const dht = scriptedDht({ nodes: 1, beforeGet: failing(...minutes) });
      dht.set(0, keyOf(MINUTE), { seq: 0n, value: await valueOf({ node: 1, minute: MINUTE }) });
      expect(names(await look(dht))).toEqual(['1@1.2.3#0']);
    },
  );

  it('reports the failure when all three fail', async () => {
    const dht = scriptedDht({ nodes: 1, beforeGet: failing(MINUTE - 1, MINUTE, MINUTE + 1) });
    await expect(look(dht)).rejects.toBe(unreachable);
  });

  it('keeps what arrived before a lookup failed', async () => {
    const dht = scriptedDht({
      nodes: 1,
      afterNodes: () => {
        throw unreachable;
      },
    });
    dht.set(0, keyOf(MINUTE), { seq: 0n, value: await valueOf({ node: 1, minute: MINUTE }) });
    expect(names(await look(dht))).toEqual(['1@1.2.3#0']);
  });

  it('never takes a bug for a failure', async () => {
    const bug = new TypeError('a bug');
    const dht = scriptedDht({ nodes: 1, beforeGet: (_key, count) => (count === 2 ? Promise.reject(bug) : undefined) });
    await expect(look(dht)).rejects.toBe(bug);
  });

  it("rejects with the signal's reason when it is aborted before or meanwhile", async () => {
    const reason = new Error('stop');
    await expect(look(scriptedDht({ nodes: 1 }), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const stop = new AbortController();
    const dht = scriptedDht({
      nodes: 1,
      afterNodes: () => {
        stop.abort(reason);
      },
    });
    await expect(look(dht, { signal: stop.signal })).rejects.toBe(reason);
  });
});
