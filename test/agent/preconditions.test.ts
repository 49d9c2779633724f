/**
 * What is refused before a byte is downloaded: an event, nothing asked of anybody, and the agent goes on.
 *
 * @module
 */
import { afterEach, describe, expect, it } from 'vitest';
import { PeerpatchError, type ErrorCode } from '../../src/core/base/errors.ts';
import { ownerKeyFromSeed } from '../../src/core/keys/owner-key.ts';
import { UpdaterMode } from '../../src/core/schedule/mode.ts';
import { MemoryProgram } from '../../src/testing/memory-program.ts';
import { codes, holds, StatedScene } from '../support/stated-scene.ts';

const REFUSALS: readonly ErrorCode[] = [
  'PROGRAM_UNREADABLE',
  'INSTALL_NOT_WRITABLE',
  'INSTALL_NO_SPACE',
  'INSTALL_READ_ONLY',
  'INSTALL_FOREIGN_OWNER',
  'INSTALL_MANAGED',
  'INSTALL_TRANSLOCATED',
  'INSTALL_OTHER_FILE_SYSTEM',
  'INSTALL_UNSAFE_FOLDER',
  'INSTALL_WRONG_TARGET',
];
const MINUTE_MS = 60_000;

let scene = new StatedScene();
afterEach(async () => {
  await scene.stop();
  scene = new StatedScene();
});

describe('an update that could not be put in place', () => {
  for (const code of REFUSALS) {
    it(`${code}: nothing is downloaded; when it is put right the update comes`, async () => {
      const old = await scene.release({ version: '1.0.0', seq: 1n });
      const next = await scene.release({ version: '1.1.0', seq: 2n });
      await scene.publish(next.statement.item, next.statement);
      const peer = await scene.peer(next);
      const store = new MemoryProgram(old.file);
      store.refusal = new PeerpatchError(code, 'and how to put it right');
      const agent = await scene.run(old, { store });
      await scene.until(() => codes(agent).length > 0);
      expect(agent.seen('error')).toEqual([
        { type: 'error', during: 'install', code, message: 'and how to put it right' },
      ]);
      expect(store.plans).toEqual([{ sizeBytes: next.file.length, target: 'linux-x64' }]);

      // It goes on announcing and looking, and leaves the install alone for a minute.
      await scene.until(() => agent.seen('announced').length > 0);
      await agent.agent.check();
      expect(store.plans).toHaveLength(1);
      expect(codes(agent)).toEqual([code]);
      // Asked by its user it looks again, and is told again.
      await agent.agent.check({ force: true });
      expect(codes(agent)).toEqual([code, code]);

      expect({ stampsAsked: peer.stampsAsked, asked: peer.asked }).toEqual({ stampsAsked: 0, asked: [] });
      for (const type of ['planned', 'progress', 'accepted', 'installed'] as const)
        expect(agent.seen(type)).toEqual([]);
      expect(store.staged).toBe(0);
      expect(holds(agent, old)).toBe(true);

      store.refusal = undefined;
      await agent.agent.check({ force: true });
      expect(agent.restarts).toEqual(['1.1.0']);
      expect(holds(agent, next)).toBe(true);
    });
  }

  it('is one of the v0 profile too: no peer is asked for the file, and the old one is served', async () => {
    const origin = await scene.start({ version: '1.1.0' });
    await scene.until(() => origin.seen('announced').length > 0);
    const store = new MemoryProgram(scene.program('1.0.0'));
    store.refusal = new PeerpatchError('INSTALL_MANAGED', 'a package manager owns it');
    const old = await scene.start({ version: '1.0.0', store });
    await scene.until(() => old.seen('error').length > 0);
    expect(codes(old)).toEqual(['INSTALL_MANAGED']);
    expect(store.plans).toEqual([{ sizeBytes: scene.program('1.1.0').length }]);
    expect(old.seen('progress')).toEqual([]);
    expect(origin.seen('served')).toEqual([]);

    await scene.until(() => old.seen('announced').length > 0);
    await origin.agent.stop();
    const announced = old.seen('announced').length;
    await scene.clock.advance(4 * MINUTE_MS); // what it announced is forgotten
    await scene.untilLater(() => old.seen('announced').length > announced);
    const third = await scene.start({ version: '0.9.0' });
    await scene.untilLater(() => third.restarts.length > 0);
    expect(third.restarts).toEqual(['1.0.0']);
    expect(old.seen('served')).toHaveLength(1);
  });
});

describe('a program that was changed under the agent', () => {
  /** 1.0.0 runs and has looked once; then a peer has 1.1.0. */
  async function running() {
    const old = await scene.release({ version: '1.0.0', seq: 5n });
    const store = new MemoryProgram(old.file);
    const agent = await scene.run(old, { store, mode: UpdaterMode.OnRestart });
    await scene.until(() => agent.seen('checked').length > 0);
    const next = await scene.release({ version: '1.1.0', seq: 6n });
    await scene.publish(next.statement.item, next.statement);
    const peer = await scene.peer(next);
    return { old, next, store, agent, peer };
  }

  it.each([
    ['is of another owner', () => scene.program('9.0.0', ownerKeyFromSeed(new Uint8Array(32).fill(6)))],
    ['is no program with a stamp', () => new Uint8Array(5000).fill(7)],
  ])('INSTALL_PROGRAM_CHANGED: what is there %s, and stays', async (_name, foreign) => {
    const { old, next, store, agent, peer } = await running();
    store.content = foreign();
    await agent.agent.check({ force: true });
    expect(codes(agent).at(-1)).toBe('INSTALL_PROGRAM_CHANGED');
    await agent.agent.check({ force: true });
    expect(codes(agent).filter((code) => code === 'INSTALL_PROGRAM_CHANGED')).toHaveLength(2);
    expect(store.content).toEqual(foreign());
    expect([peer.stampsAsked, ...peer.asked]).toEqual([0]);
    // Put back, it is updated again.
    store.content = old.file;
    await agent.agent.check({ force: true });
    expect(codes(agent).slice(3)).toEqual([]);
    expect(holds(agent, next)).toBe(true);
  });

  it('INSTALL_PROGRAM_CHANGED: what is there is the owner’s, and older', async () => {
    const { store, agent } = await running();
    const older = await scene.release({ version: '0.9.0', seq: 4n });
    store.content = older.file;
    await agent.agent.check({ force: true });
    expect(agent.seen('error').at(-1)?.message).toContain('version 0.9.0, which is older than 1.0.0');
    expect(holds(agent, older)).toBe(true);
  });

  it('PROGRAM_UNREADABLE: it is gone, and is not put back; when it is there again the update comes', async () => {
    const { old, next, store, agent } = await running();
    store.content = undefined;
    store.refusal = new PeerpatchError('PROGRAM_UNREADABLE', 'gone');
    await agent.agent.check({ force: true });
    expect(new Set(codes(agent))).toEqual(new Set(['PROGRAM_UNREADABLE']));
    expect(store.content).toBeUndefined();
    store.content = old.file;
    store.refusal = undefined;
    await agent.agent.check({ force: true });
    expect(holds(agent, next)).toBe(true);
  });

  it('is adopted when it is the owner’s newer one, and updated from there', async () => {
    const { next, store, agent, peer } = await running();
    const newer = await scene.release({ version: '1.0.5', seq: 5n });
    store.content = newer.file;
    await agent.agent.check({ force: true });
    expect(agent.seen('installed').map(({ version }) => version)).toEqual(['1.0.5', '1.1.0']);
    expect(holds(agent, next)).toBe(true);
    expect(peer.stampsAsked).toBe(1);
    expect(codes(agent)).toEqual([]);
  });
});
