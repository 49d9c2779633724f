import { afterEach, describe, expect, it } from 'vitest';
import { PeerpatchError } from '../../src/core/base/errors.ts';
import { ownerKeyFromSeed } from '../../src/core/keys/owner-key.ts';
import { UpdaterMode } from '../../src/core/schedule/mode.ts';
import { MemoryProgram } from '../../src/testing/memory-program.ts';
import { AgentScene } from '../support/agent-scene.ts';

describe('the agent', () => {
  let scene = new AgentScene();
  afterEach(async () => {
    await scene.stop();
    scene = new AgentScene();
  });

  /** A copy of 1.1.0 that has announced itself, and one of 1.0.0. */
  async function announcedAndOld(mode = UpdaterMode.Now) {
    const origin = await scene.start({ version: '1.1.0' });
    await scene.until(() => origin.seen('announced').length > 0);
    return { origin, old: await scene.start({ version: '1.0.0', mode }) };
  }

  it('finds, fetches, verifies and installs a newer release, and asks for the restart, in this order', async () => {
    const { origin, old } = await announcedAndOld();
    await scene.until(() => old.restarts.length > 0);
    expect(old.restarts).toEqual(['1.1.0']);
    expect(old.store.content).toEqual(scene.program('1.1.0'));
    const order = ['checking', 'checked', 'found', 'progress', 'accepted', 'installed', 'waiting'];
    const first = old.events.map(({ type }) => type).filter((type, at, all) => all.indexOf(type) === at);
    expect(first.filter((type) => order.includes(type))).toEqual(order);
    expect(origin.restarts).toEqual([]);
    expect(old.store.staged).toBe(0);
  });

  it('serves what it installed while it waits for the next start', async () => {
    const { origin, old } = await announcedAndOld(UpdaterMode.OnRestart);
    await scene.until(() => old.seen('installed').length > 0);
    expect(old.restarts).toEqual([]);
    await origin.agent.stop();
    await scene.until(() => old.seen('announced').some(({ version }) => version === '1.1.0'));
    const third = await scene.start({ version: '1.0.0' });
    await scene.until(() => third.restarts.length > 0);
    expect(old.seen('served')).toHaveLength(1);
  });

  it('announces nothing where nobody could fetch it: without the transport', async () => {
    const alone = await scene.start({ version: '1.1.0', hasTransport: false });
    await scene.until(() => alone.seen('checked').length > 0);
    await scene.clock.advance(130_000);
    const old = await scene.start({ version: '1.0.0' });
    await scene.until(() => old.seen('checked').length > 0);
    expect(alone.seen('announced')).toEqual([]);
    expect(old.seen('checked')[0]).toMatchObject({ newest: '1.0.0', peers: 0 });
    expect(old.seen('error')).toEqual([]);
  });

  it('keeps looking after an update is installed, and replaces it by a newer one', async () => {
    const { old } = await announcedAndOld(UpdaterMode.OnRestart);
    await scene.until(() => old.seen('installed').length === 1);
    const newest = await scene.start({ version: '1.2.0' });
    await scene.until(() => newest.seen('announced').length > 0);
    await old.agent.check();
    expect(old.seen('installed').map(({ from, version }) => [from, version])).toEqual([
      ['1.0.0', '1.1.0'],
      ['1.1.0', '1.2.0'],
    ]);
  });

  it('restarts at its time of day, not before', async () => {
    const { old } = await announcedAndOld(UpdaterMode.At(0, 10));
    await scene.until(() => old.seen('waiting').length > 0);
    expect(old.seen('waiting')[0]?.restartAt).toBe(scene.clock.now() + 10 * 60_000);
    await scene.clock.advance(9 * 60_000);
    expect(old.restarts).toEqual([]);
    await scene.clock.advance(60_000 + 6_000);
    expect(old.restarts).toEqual(['1.1.0']);
  });

  it('asks for a failed restart again, later and not at once', async () => {
    const { old } = await announcedAndOld();
    await scene.until(() => old.restarts.length === 1);
    old.agent.restartFailed();
    await scene.clock.advance(50_000);
    expect(old.restarts).toHaveLength(1);
    await scene.clock.advance(20_000);
    expect(old.restarts).toHaveLength(2);
  });

  it('keeps the old program and announces it when the new one cannot be installed, and tries again later', async () => {
    const store = new MemoryProgram(scene.program('1.0.0'));
    const origin = await scene.start({ version: '1.1.0' });
    await scene.until(() => origin.seen('announced').length > 0);
    store.failure = new PeerpatchError('INSTALL_NOT_WRITABLE', 'read-only');
    const old = await scene.start({ version: '1.0.0', store });
    await scene.until(() => old.seen('error').length > 0);
    expect(old.seen('error')[0]).toMatchObject({ during: 'install', code: 'INSTALL_NOT_WRITABLE' });
    expect(old.store.content).toEqual(scene.program('1.0.0'));
    expect(old.seen('announced').every(({ version }) => version === '1.0.0')).toBe(true);

    await old.agent.check(); // still in the pause: no second attempt
    expect(old.seen('error')).toHaveLength(1);
    store.failure = undefined;
    await scene.clock.advance(61_000);
    await old.agent.check();
    expect(old.restarts).toEqual(['1.1.0']);
  });

  it('adopts what another process of the same program installed, without fetching it again', async () => {
    const store = new MemoryProgram(scene.program('1.0.0'));
    const old = await scene.start({ version: '1.0.0', store });
    await scene.until(() => old.seen('checked').length > 0);
    store.content = scene.program('1.1.0');
    await old.agent.check();
    expect(old.seen('installed')).toHaveLength(1);
    expect(old.seen('progress')).toEqual([]);
    expect(old.restarts).toEqual(['1.1.0']);
  });

  it('does not adopt what another owner signed', async () => {
    const store = new MemoryProgram(scene.program('1.0.0'));
    const old = await scene.start({ version: '1.0.0', store });
    await scene.until(() => old.seen('checked').length > 0);
    store.content = scene.program('9.0.0', ownerKeyFromSeed(new Uint8Array(32).fill(6)));
    await old.agent.check();
    await old.agent.check();
    expect(old.seen('error').map(({ code }) => code)).toEqual(['RELEASE_BAD_SIGNATURE']);
    expect(old.restarts).toEqual([]);
  });

  it('refuses a release for another processor, once from each peer, and takes the next one that fits', async () => {
    const [x64, arm64] = [62, 183];
    for (let peer = 0; peer < 3; peer++) {
      const store = new MemoryProgram(scene.program('1.1.0', scene.owner, arm64));
      const other = await scene.start({ version: '1.1.0', store });
      await scene.until(() => other.seen('announced').length > 0);
    }
    const old = await scene.start({
      version: '1.0.0',
      store: new MemoryProgram(scene.program('1.0.0', scene.owner, x64)),
    });
    await old.agent.check();
    await old.agent.check();
    expect(old.seen('error').map(({ code }) => code)).toEqual(new Array(3).fill('RELEASE_WRONG_TARGET'));
    const fitting = await scene.start({
      version: '1.2.0',
      store: new MemoryProgram(scene.program('1.2.0', scene.owner, x64)),
    });
    await scene.until(() => fitting.seen('announced').length > 0);
    await old.agent.check();
    expect(old.restarts).toEqual(['1.2.0']);
  });

  for (const clockErrorMs of [-60_000, 60_000]) {
    it(`finds and fetches with a clock that is off by ${clockErrorMs / 1000} s`, async () => {
      const origin = await scene.start({ version: '1.1.0' });
      await scene.until(() => origin.seen('announced').length > 0);
      const old = await scene.start({ version: '1.0.0', clockErrorMs });
      await scene.until(() => old.restarts.length > 0);
      expect(old.seen('error')).toEqual([]);
    });
  }

  it('is not found with a clock that is off by three minutes', async () => {
    const origin = await scene.start({ version: '1.1.0', clockErrorMs: 180_000 });
    await scene.until(() => origin.seen('announced').length > 0);
    const old = await scene.start({ version: '1.0.0' });
    await expect(old.agent.check()).resolves.toMatchObject({ newest: '1.0.0', peers: 0 });
  });

  it('goes on while the DHT is unreachable, and finds the update when it is back', async () => {
    const origin = await scene.start({ version: '1.1.0' });
    await scene.until(() => origin.seen('announced').length > 0);
    scene.dht.setOnline(false);
    const old = await scene.start({ version: '1.0.0' });
    await scene.until(() => old.seen('error').some(({ code }) => code === 'DHT_UNREACHABLE'));
    scene.dht.setOnline(true);
    await old.agent.check();
    expect(old.restarts).toEqual(['1.1.0']);
  });

  it('takes part in nothing any more once it is stopped', async () => {
    const { origin, old } = await announcedAndOld(UpdaterMode.OnRestart);
    await scene.until(() => old.seen('installed').length > 0);
    await origin.agent.stop();
    await old.agent.stop();
    const [before, sleeping] = [old.events.length, scene.clock.sleeping];
    await scene.clock.advance(600_000);
    expect(old.events).toHaveLength(before);
    expect(sleeping).toBe(0);
  });
});
