/**
 * Copies of a program whose file somebody else rolled back: they run on, and go on from what is there.
 *
 * @module
 */
import { afterEach, describe, expect, it } from 'vitest';
import { releaseName } from '../../src/agent/release-name.ts';
import { PeerpatchError } from '../../src/core/base/errors.ts';
import type { RolledBack } from '../../src/core/install/rolled-back.ts';
import { UpdaterMode } from '../../src/core/schedule/mode.ts';
import { NO_RESTRAINTS } from '../../src/core/update/restraint.ts';
import { FakeRestraint } from '../../src/testing/fake-restraint.ts';
import { MemoryProgram } from '../../src/testing/memory-program.ts';
import type { SceneAgent } from '../support/agent-scene.ts';
import { codes, holds, StatedScene, type SampleRelease } from '../support/stated-scene.ts';

describe('a copy whose program file was rolled back by somebody else', () => {
  let scene = new StatedScene();
  afterEach(async () => {
    await scene.stop();
    scene = new StatedScene();
  });

  const VERSIONS = { old: '1.0.0', bad: '1.1.0', next: '1.2.0' };

  async function three(): Promise<Record<keyof typeof VERSIONS, SampleRelease>> {
    const [old, bad, next] = await Promise.all(
      Object.values(VERSIONS).map((version, at) => scene.release({ version, seq: BigInt(at + 1) })),
    );
    if (old === undefined || bad === undefined || next === undefined) throw new Error('three releases');
    return { old, bad, next };
  }
  const back = (from: SampleRelease, to: SampleRelease): RolledBack => ({
    from: releaseName(from),
    to: releaseName(to),
    reason: 'it died within its probation',
  });
  const publish = async (release: SampleRelease): Promise<void> => {
    await scene.peer(release); // first: a look may come in between
    await scene.publish(release.statement.item, release.statement);
  };
  const told = { type: 'rolled-back', version: '1.1.0', to: '1.0.0', reason: 'it died within its probation' };

  /** It has looked once, and what it announced stands: two that announce at one moment may hide each other for a minute. */
  async function running(release: SampleRelease, options: Parameters<typeof scene.run>[1] = {}) {
    const agent = await scene.run(release, { store: new MemoryProgram(release.file), ...options });
    await scene.until(() => agent.seen('checked').length > 0 && agent.seen('announced').length > 0);
    return agent;
  }

  /** 1.1.0 runs; then the file is 1.0.0 again. */
  async function takenBack(): Promise<{
    old: SampleRelease;
    next: SampleRelease;
    agent: SceneAgent;
  }> {
    const { old, bad, next } = await three();
    const agent = await running(bad);
    agent.store.content = old.file;
    agent.store.rolledBack = back(bad, old);
    await agent.agent.check();
    return { old, next, agent };
  }

  it('goes on with what it runs, says so once, and takes the next release from there', async () => {
    const { old, next, agent } = await takenBack();
    expect((await agent.agent.check()).installed).toBe('1.0.0');
    expect(agent.seen('rolled-back')).toEqual([told]);
    expect(agent.restarts).toEqual([]);
    expect(holds(agent, old)).toBe(true);

    await publish(next);
    await agent.agent.check({ force: true });
    expect(codes(agent)).toEqual([]);
    expect(holds(agent, next)).toBe(true);
    expect(agent.store.updates).toMatchObject([{ to: releaseName(next), from: releaseName(old) }]);
    expect(agent.restarts).toEqual(['1.2.0']);
    expect(agent.seen('rolled-back')).toHaveLength(1);
  });

  it('does so too when the roll back is written down after the file was seen', async () => {
    const { old, bad, next } = await three();
    const agent = await running(bad);
    await publish(next);
    agent.store.content = old.file;
    await agent.agent.check({ force: true });
    expect(codes(agent)).toEqual(['INSTALL_PROGRAM_CHANGED']);
    agent.store.rolledBack = back(bad, old);
    await agent.agent.check({ force: true });
    expect(agent.seen('rolled-back')).toEqual([told]);
    expect(holds(agent, next)).toBe(true);
    expect(agent.restarts).toEqual(['1.2.0']);
  });

  it('says why when what is noted beside the program cannot be read, and leaves the file alone', async () => {
    const { old, bad, next } = await three();
    const agent = await running(bad);
    await publish(next);
    agent.store.content = old.file;
    agent.store.rollBackTo = () => Promise.reject(new PeerpatchError('INSTALL_STATE_DAMAGED', 'the journal'));
    await agent.agent.check({ force: true });
    expect(codes(agent)).toEqual(['INSTALL_PROGRAM_CHANGED']);
    expect(agent.seen('error').at(-1)?.message).toContain('older than 1.1.0, and what is noted beside it');
    expect(agent.seen('error').at(-1)?.message).toContain('INSTALL_STATE_DAMAGED');
    expect(holds(agent, old)).toBe(true);
  });

  it('does not wait for a restart into what was taken back, or into what it runs', async () => {
    const { old, bad } = await three();
    const restraint = new FakeRestraint();
    const agent = await running(old, { mode: UpdaterMode.OnRestart, restraint });
    await publish(bad);
    await agent.agent.check({ force: true });
    expect(agent.seen('waiting')).toHaveLength(1);
    const note = { version: '1.1.0', reason: 'it died', isOwn: true };
    restraint.now = { ...NO_RESTRAINTS, quarantined: new Map([[releaseName(bad).id, note]]) };
    agent.store.content = old.file;
    agent.store.rolledBack = back(bad, old);
    await agent.agent.check();
    expect(agent.seen('rolled-back')).toEqual([told]);
    expect((await agent.agent.check({ force: true })).installed).toBe('1.0.0');
    expect(agent.store.installed).toHaveLength(1);
    expect([codes(agent), agent.restarts]).toEqual([[], []]);
  });

  it('has nothing to restart for when what it runs is put in place again', async () => {
    const { agent } = await takenBack();
    const { bad } = await three();
    agent.store.content = bad.file;
    agent.store.rolledBack = undefined;
    expect((await agent.agent.check()).installed).toBe('1.1.0');
    expect(agent.seen('installed').map(({ version }) => version)).toEqual(['1.1.0']);
    expect([agent.seen('waiting'), agent.restarts]).toEqual([[], []]);
  });
});
