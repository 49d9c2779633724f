/**
 * Statements whose owner is gone, in whole networks: signed again to stop a release, known to copies that do not take them.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { createPeerSource } from '../../../src/agent/fetch/peer-source.ts';
import { discover } from '../../../src/agent/find/discover.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/core/base/units.ts';
import { statementTopic } from '../../../src/core/record/topic.ts';
import { encodeSignedItem } from '../../../src/core/statement/signed-bytes.ts';
import { statementNameHash, statementSalt } from '../../../src/core/statement/statement.ts';
import { FakeMemory } from '../../../src/testing/fake-memory.ts';
import { FakeRestraint } from '../../../src/testing/fake-restraint.ts';
import { holds, mirrorOf, StatedScene, type SampleRelease } from '../../support/stated-scene.ts';

let scene = new StatedScene();
afterEach(async () => {
  await scene.stop();
  scene = new StatedScene();
});

/** 1.0.0; 1.1.0 for everybody; and that signed again, for nobody any more. */
async function halted(): Promise<{ old: SampleRelease; bad: SampleRelease; halt: SampleRelease }> {
  const rollout = { percent: 0, startsAt: Math.floor(scene.clock.now() / SECOND_MS), rampSeconds: 0 };
  const old = await scene.release({ version: '1.0.0', seq: 4n });
  const bad = await scene.release({ version: '1.1.0', seq: 5n, edit: 7 });
  return { old, bad, halt: await scene.release({ version: '1.1.0', seq: 6n, edit: 7, rollout }) };
}

/** How many nodes of the DHT hold which number. */
async function stored({ statement }: SampleRelease): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const key = { publicKey: scene.owner.publicKey, salt: statementSalt(statement) };
  for (const { item } of await scene.dht.join().getSigned(key)) {
    const seq = item?.seq.toString() ?? 'none';
    counts[seq] = (counts[seq] ?? 0) + 1;
  }
  return counts;
}

describe('a release that its owner stopped by signing it again, and whose owner is gone,', () => {
  it.each(['runs it', 'does not take it'])('stays stopped for hours where a single copy %s', async (what) => {
    const { old, bad, halt } = await halted();
    await scene.publish(halt.statement.item, halt.statement);
    const copy = await scene.run(what === 'runs it' ? bad : old);
    for (let turn = 0; turn < 6; turn++) {
      await copy.agent.check();
      await scene.clock.advance(30 * MINUTE_MS);
    }
    expect((await stored(halt))['6']).toBeGreaterThanOrEqual(8);
    expect((await stored(halt))['5']).toBeUndefined();
    expect(copy.seen('installed')).toEqual([]);
  });

  it('stays stopped when every copy was started again meanwhile and the DHT has forgotten it', async () => {
    const { old, bad, halt } = await halted();
    const [runs, waits] = [new FakeMemory(), new FakeMemory()];
    await scene.publish(halt.statement.item, halt.statement);
    for (const { agent } of [await scene.run(bad, { memory: runs }), await scene.run(old, { memory: waits })]) {
      await agent.check();
      await agent.stop();
    }
    await scene.clock.advance(3 * HOUR_MS);
    expect(await stored(halt)).toEqual({ none: 20 });

    const again = await scene.run(bad, { memory: runs });
    await scene.until(() => again.seen('announced').length > 0 && again.seen('published').length > 0);
    expect(await stored(halt)).toEqual({ '6': 20 });
    // Also where nobody shows it, but the one before.
    await again.agent.stop();
    await scene.clock.advance(3 * HOUR_MS);
    await scene.publish(bad.statement.item, bad.statement);
    await scene.peer(bad);
    const waiting = await scene.run(old, { memory: waits });
    await waiting.agent.check();
    expect(holds(waiting, old)).toBe(true);
    expect(waiting.seen('held-back').map(({ version }) => version)).toEqual(['1.1.0']);
  });

  it('is stopped for those who ask a copy that runs it', async () => {
    const { bad, halt } = await halted();
    await scene.publish(halt.statement.item, halt.statement);
    const copy = await scene.offer(bad);
    const { owner, clock } = scene;
    const topic = statementTopic(owner.publicKey, bad.statement);
    const announced = await discover({ dht: scene.dht.join(), owner: owner.publicKey, topic, clock });
    const [peer] = announced.map((each) => each.peer);
    if (peer === undefined) throw new Error('the copy is not announced');
    const network = scene.network.join(new Uint8Array(32).fill(9));
    const source = createPeerSource({ network, owner: owner.publicKey, clock, peer });
    const { signal } = new AbortController();
    const said = await source.statement(statementNameHash(bad.statement), signal);
    expect(said).toEqual(encodeSignedItem(halt.statement.item));
    // Who wants the one in its file gets that.
    expect(await source.statement(bad.release.hash, signal)).toEqual(encodeSignedItem(bad.statement.item));
    await source.close();
    expect(holds(copy, bad)).toBe(true);
  });
});

describe('a mirror that moved by signing again', () => {
  it('is asked from then on, also after the next start and where the old one and the DHT are gone', async () => {
    const [from, to] = ['https://old.example', 'https://new.example'];
    const old = await scene.release({ version: '1.0.0', seq: 5n, mirrors: [from] });
    const moved = await scene.release({ version: '1.0.0', seq: 6n, edit: 5, mirrors: [to] });
    const next = await scene.release({ version: '1.1.0', seq: 7n, mirrors: [to] });
    const memory = new FakeMemory();
    const gone = mirrorOf('old mirror', undefined);
    const mirrors = { [from]: mirrorOf('old mirror', moved), [to]: mirrorOf('new mirror', undefined) };
    scene.dht.setOnline(false);
    const copy = await scene.run(old, { memory, known: mirrors });
    await copy.agent.check();
    await copy.agent.stop();
    const again = await scene.run(old, { memory, known: { [from]: gone, [to]: mirrorOf('new mirror', next) } });
    await again.agent.check();
    expect(holds(again, next)).toBe(true);
  });
});

describe('a copy that knows a newer release and does not take it', () => {
  it('still states its own to a machine that does not take the newer one either', async () => {
    const old = await scene.release({ version: '1.0.0', seq: 5n });
    const middle = await scene.release({ version: '1.1.0', seq: 6n });
    const newest = await scene.release({ version: '1.2.0', seq: 7n });
    await scene.publish(newest.statement.item, newest.statement);
    await scene.offer(middle, { restraint: new FakeRestraint({ skip: ['1.2.0'] }) });
    const agent = await scene.run(old, { restraint: new FakeRestraint({ skip: ['1.2.0'] }) });
    await agent.agent.check();
    expect(holds(agent, middle)).toBe(true);
  });
});
