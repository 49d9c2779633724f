/**
 * What a machine rules out and what it remembers, in whole updates: with statements and in the v0 profile.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { statedReleaseId } from '../../../src/core/install/release-id.ts';
import { MINUTE_MS } from '../../../src/core/base/units.ts';
import { releaseIdOf } from '../../../src/core/install/release-id.ts';
import { UpdaterMode } from '../../../src/core/schedule/mode.ts';
import { statementNameHash } from '../../../src/core/statement/statement.ts';
import type { Restraints } from '../../../src/core/update/restraint.ts';
import { FakeMemory } from '../../../src/testing/fake-memory.ts';
import { FakeRestraint } from '../../../src/testing/fake-restraint.ts';
import { sampleProgram, signSample } from '../../../src/testing/sample-program.ts';
import { AgentScene, type SceneAgent } from '../../support/agent-scene.ts';
import { codes, holds, StatedScene, type SampleRelease } from '../../support/stated-scene.ts';

function quarantine(id: string, version: string, isOwn = true): Partial<Restraints> {
  return { quarantined: new Map([[id, { version, reason: 'it crashed', isOwn }]]) };
}

function told(agent: SceneAgent): string[] {
  return agent.seen('held-back').map(({ version }) => version);
}

describe('in the v0 profile, a machine', () => {
  let scene = new AgentScene();
  afterEach(async () => {
    await scene.stop();
    scene = new AgentScene();
  });

  /** Two at most, in minutes of their own: in one slot the newer would take the place of the older. */
  async function offer(...versions: readonly string[]): Promise<void> {
    // The first one's next announcement comes after all of this.
    for (const [index, version] of versions.entries()) {
      await scene.clock.advance(index === 0 ? 40_000 : 21_000);
      const origin = await scene.start({
        version,
        mode: UpdaterMode.OnRestart,
        restraint: new FakeRestraint({ pin: version }),
      });
      await scene.until(() => origin.seen('announced').length > 0);
    }
  }
  const idOf = (version: string): string =>
    releaseIdOf({
      release: signSample(sampleProgram({ version, sizeBytes: 300_000 }), scene.owner).release,
      statement: undefined,
    });
  const start = (restraint: Partial<Restraints>, memory = new FakeMemory()): Promise<SceneAgent> =>
    scene.start({ version: '1.0.0', restraint: new FakeRestraint(restraint), memory });

  const rules: readonly (readonly [what: string, restraint: () => Partial<Restraints>])[] = [
    ['its quarantine names', () => quarantine(idOf('1.2.0'), '1.2.0', false)],
    ['its quarantine names by the id of a statement', () => quarantine('ab'.repeat(32), '1.2.0')],
    ['people skip', () => ({ skip: ['1.2.0'] })],
    ['the host skips', () => ({ skipVersions: ['1.2.0'] })],
    ['is above the ceiling', () => ({ maxVersion: '1.1.5' })],
    ['is not the one it is pinned to', () => ({ pin: '1.1.0' })],
  ];
  it.each(rules)('does not take what %s, not by force either, but the next best', async (_what, restraint) => {
    await offer('1.1.0', '1.2.0');
    const agent = await start(restraint());
    await agent.agent.check({ force: true });
    await agent.agent.check();
    expect(agent.seen('installed').map(({ version }) => version)).toEqual(['1.1.0']);
    expect(told(agent)).toEqual(['1.2.0']);
    expect(agent.seen('checked')[0]?.newest).toBe('1.2.0');
    expect(agent.seen('progress').every(({ version }) => version === '1.1.0')).toBe(true);
  });

  it('stays on its version when it is pinned to that', async () => {
    await offer('1.1.0');
    const agent = await start({ pin: '1.0.0' });
    await agent.agent.check({ force: true });
    expect(agent.store.content).toEqual(scene.program('1.0.0'));
    expect(agent.seen('found')).toEqual([]);
    expect(codes(agent)).toEqual([]);
  });

  it('takes nothing below the highest version it ever took, though an old program was put back by hand', async () => {
    await offer('1.1.0');
    const memory = new FakeMemory();
    await memory.acceptedVersion(undefined, '1.2.0');
    const agent = await start({}, memory);
    await agent.agent.check({ force: true });
    expect(agent.store.content).toEqual(scene.program('1.0.0'));
    expect(agent.seen('held-back').map(({ version, reason }) => `${version}: ${reason}`)).toEqual([
      '1.1.0: 1.1.0 is below 1.2.0, which was taken here before',
    ]);
  });

  it('takes the highest again, and remembers what it takes', async () => {
    await offer('1.1.0');
    const memory = new FakeMemory();
    for (let turn = 0; turn < 2; turn++) {
      const agent = await start({}, memory);
      await agent.agent.check();
      expect(agent.store.content).toEqual(scene.program('1.1.0'));
      await expect(memory.highestVersion(undefined)).resolves.toBe('1.1.0');
    }
  });

  it('takes the next good release after the highest was rolled back', async () => {
    await offer('1.2.0', '1.2.1');
    const memory = new FakeMemory();
    await memory.acceptedVersion(undefined, '1.2.0');
    const agent = await start(quarantine(idOf('1.2.0'), '1.2.0'), memory);
    await agent.agent.check();
    expect(agent.store.content).toEqual(scene.program('1.2.1'));
  });
});

describe('with statements, a machine', () => {
  let scene = new StatedScene();
  afterEach(async () => {
    await scene.stop();
    scene = new StatedScene();
  });

  /** 1.0.0 runs; 1.1.0 and 1.2.0 are offered, and the DHT has the statement of 1.2.0. */
  async function threeReleases() {
    const old = await scene.release({ version: '1.0.0', seq: 5n });
    const middle = await scene.release({ version: '1.1.0', seq: 6n });
    const newest = await scene.release({ version: '1.2.0', seq: 7n });
    await scene.publish(newest.statement.item, newest.statement);
    await scene.peer(middle);
    await scene.clock.advance(MINUTE_MS + 1); // in one minute's slot the newer would take the place of the older
    await scene.peer(newest);
    return { old, middle, newest };
  }
  const idOf = ({ statement }: SampleRelease): string => statedReleaseId(statement);

  const rules: readonly (readonly [what: string, restraint: (newest: SampleRelease) => Partial<Restraints>])[] = [
    ['its quarantine names', (newest) => quarantine(idOf(newest), '1.2.0', false)],
    ['people skip', () => ({ skip: ['1.2.0'] })],
    ['the host skips', () => ({ skipVersions: ['1.2.0'] })],
    ['is above the ceiling', () => ({ maxVersion: '1.2.0-rc.1' })],
    ['is not the one it is pinned to', () => ({ pin: '1.1.0' })],
  ];
  it.each(rules)('does not take what %s, not by force either, but the next best', async (_what, restraint) => {
    const { old, middle, newest } = await threeReleases();
    const agent = await scene.run(old, { restraint: new FakeRestraint(restraint(newest)) });
    await agent.agent.check({ force: true });
    expect(holds(agent, middle)).toBe(true);
    await agent.agent.check();
    expect(holds(agent, middle)).toBe(true);
    expect(told(agent)).toEqual(['1.2.0']);
    expect(agent.seen('planned').map(({ version }) => version)).toEqual(['1.1.0']);
  });

  it('stays on its version when it is pinned to that, and does not ask peers for others at each look', async () => {
    const old = await scene.release({ version: '1.0.0', seq: 5n });
    const middle = await scene.release({ version: '1.1.0', seq: 6n });
    const newest = await scene.release({ version: '1.2.0', seq: 7n });
    await scene.publish(newest.statement.item, newest.statement);
    let asked = 0;
    await scene.peer(middle, (honest) => ({
      statement: (nameHash) => {
        asked++;
        return honest.statement(nameHash);
      },
    }));
    await scene.clock.advance(MINUTE_MS + 1);
    await scene.announce(newest.statement, newest.release);
    const agent = await scene.run(old, { restraint: new FakeRestraint({ pin: '1.0.0' }) });
    await agent.agent.check();
    await agent.agent.check();
    const first = asked;
    for (let turn = 0; turn < 3; turn++) await agent.agent.check();
    expect(first).toBeGreaterThan(0);
    expect(holds(agent, old)).toBe(true);
    expect(told(agent).sort()).toEqual(['1.1.0', '1.2.0']);
    expect(agent.seen('planned')).toEqual([]);
    expect(asked).toBe(first);
  });

  it('takes it as soon as it is no longer ruled out', async () => {
    const { old, newest } = await threeReleases();
    const restraint = new FakeRestraint({ pin: '1.0.0' });
    const agent = await scene.run(old, { restraint });
    await agent.agent.check();
    restraint.now = { ...restraint.now, pin: undefined };
    await agent.agent.check();
    expect(holds(agent, newest)).toBe(true);
  });

  it('takes no other after the newest was taken and put in quarantine: its number was seen', async () => {
    const { old, middle, newest } = await threeReleases();
    const memory = new FakeMemory();
    await memory.accepted(statementNameHash(newest.statement), newest.statement.seq);
    await memory.acceptedVersion(statementNameHash(newest.statement), '1.2.0');
    const restraint = new FakeRestraint(quarantine(idOf(newest), '1.2.0'));
    const agent = await scene.run(old, { restraint, memory });
    await agent.agent.check({ force: true });
    expect(holds(agent, middle)).toBe(false);
    expect(holds(agent, old)).toBe(true);

    const next = await scene.release({ version: '1.2.1', seq: 8n });
    await scene.publish(next.statement.item, next.statement);
    await scene.peer(next);
    await agent.agent.check({ force: true });
    expect(holds(agent, next)).toBe(true);
  });

  it('takes no version below the highest it ever took under that name', async () => {
    const { old, newest } = await threeReleases();
    const memory = new FakeMemory();
    const name = statementNameHash(newest.statement);
    await memory.acceptedVersion(name, '1.3.0');
    await memory.acceptedVersion(undefined, '9.0.0'); // that of no statement says nothing here
    const agent = await scene.run(old, { memory });
    await agent.agent.check({ force: true });
    expect(holds(agent, old)).toBe(true);
    expect(codes(agent)).toEqual(['STATEMENT_ROLLED_BACK']);
  });

  it('remembers the version of what it takes', async () => {
    const { old, newest } = await threeReleases();
    const memory = new FakeMemory();
    const agent = await scene.run(old, { memory });
    await agent.agent.check();
    const name = statementNameHash(newest.statement);
    expect([await memory.highestVersion(name), await memory.highestSeq(name)]).toEqual(['1.2.0', 7n]);
    await expect(memory.highestVersion(undefined)).resolves.toBeUndefined();
  });
});
