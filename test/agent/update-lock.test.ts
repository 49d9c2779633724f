/**
 * Updates and the install lock: copies of a program on one file, and what an installation is told.
 *
 * @module
 */
import { afterEach, describe, expect, it } from 'vitest';
import { fetchedStatement, releaseName } from '../../src/agent/release-name.ts';
import { readRelease } from '../../src/agent/read-release.ts';
import { PeerpatchError } from '../../src/core/base/errors.ts';
import { UpdaterMode } from '../../src/core/schedule/mode.ts';
import { MemoryProgram } from '../../src/testing/memory-program.ts';
import { AgentScene } from '../support/agent-scene.ts';

describe('an agent that updates', () => {
  let scene = new AgentScene();
  afterEach(async () => {
    await scene.stop();
    scene = new AgentScene();
  });

  async function announced(version = '1.1.0') {
    const origin = await scene.start({ version });
    await scene.until(() => origin.seen('announced').length > 0);
    return origin;
  }
  const nameOf = async (version: string) => {
    const program = await new MemoryProgram(scene.program(version)).open();
    return releaseName(await readRelease(program, scene.owner.publicKey));
  };

  it('says which release comes in place of which, and gives the lock back', async () => {
    await announced();
    const old = await scene.start({ version: '1.0.0', mode: UpdaterMode.OnRestart });
    await scene.until(() => old.seen('installed').length > 0);
    await old.agent.check();
    expect(old.store.updates).toMatchObject([{ to: await nameOf('1.1.0'), from: await nameOf('1.0.0') }]);
    expect(old.store.isLocked).toBe(false);
  });

  it('fetches nothing while another process installs, says nothing, and adopts what that one installed', async () => {
    await announced();
    const store = new MemoryProgram(scene.program('1.0.0'));
    store.isLockedElsewhere = true;
    const old = await scene.start({ version: '1.0.0', store, mode: UpdaterMode.OnRestart });
    await scene.until(() => old.seen('found').length > 0);
    await old.agent.check();
    expect(old.seen('progress')).toEqual([]);
    expect(old.seen('error')).toEqual([]);
    store.content = scene.program('1.1.0'); // by the other process
    await old.agent.check();
    expect(old.seen('installed').map(({ version }) => version)).toEqual(['1.1.0']);
    expect(old.seen('progress')).toEqual([]);
    expect(store.installed).toEqual([]);
  });

  it('of several copies on one file one fetches, the others adopt', async () => {
    await announced();
    const store = new MemoryProgram(scene.program('1.0.0'));
    const mode = UpdaterMode.OnRestart;
    const copies = await Promise.all([1, 2, 3].map(() => scene.start({ version: '1.0.0', store, mode })));
    await scene.until(() => store.installed.length > 0);
    await Promise.all(copies.map(({ agent }) => agent.check()));
    await Promise.all(copies.map(({ agent }) => agent.check()));
    expect(store.installed).toHaveLength(1);
    expect(copies.map((copy) => copy.seen('installed').length)).toEqual([1, 1, 1]);
    expect(store.isLocked).toBe(false);
  });

  it('pauses, and keeps the old program, when the new one fails its preflight', async () => {
    await announced();
    const store = new MemoryProgram(scene.program('1.0.0'));
    store.preflightFailure = new PeerpatchError('PREFLIGHT_FAILED', 'it exited with 1');
    const old = await scene.start({ version: '1.0.0', store });
    await scene.until(() => old.seen('error').length > 0);
    await old.agent.check();
    expect(old.seen('error')).toMatchObject([{ during: 'install', code: 'PREFLIGHT_FAILED' }]);
    expect(old.restarts).toEqual([]);
    expect(store.isLocked).toBe(false);
    expect(store.staged).toBe(0);
    store.preflightFailure = undefined;
    await old.agent.check({ force: true });
    expect(old.restarts).toEqual(['1.1.0']);
  });

  it('goes back to what it runs when another copy rolled the program back, and takes the next release', async () => {
    const store = new MemoryProgram(scene.program('1.0.0'));
    const copy = await scene.start({ version: '1.0.0', store, mode: UpdaterMode.OnRestart });
    store.content = scene.program('1.1.0');
    await copy.agent.check();
    expect(copy.seen('installed')).toHaveLength(1);
    store.content = scene.program('1.0.0');
    expect(await copy.agent.check()).toMatchObject({ installed: '1.0.0' });
    await announced('1.2.0');
    await copy.agent.check();
    expect(copy.seen('installed').map(({ from, version }) => [from, version])).toEqual([
      ['1.0.0', '1.1.0'],
      ['1.0.0', '1.2.0'],
    ]);
    expect(copy.seen('error')).toEqual([]);
  });
});

describe('the name of what was fetched by its region', () => {
  it('is what the next start finds', async () => {
    const scene = new AgentScene();
    const program = await new MemoryProgram(scene.program('1.1.0')).open();
    const { release, statement, measured } = await readRelease(program, scene.owner.publicKey);
    const found = fetchedStatement(scene.owner.publicKey, measured);
    expect(releaseName({ release, statement: found })).toEqual(releaseName({ release, statement }));
  });
});
