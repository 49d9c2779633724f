import { afterEach, describe, expect, it } from 'vitest';
import { PeerpatchError } from '../../../src/core/base/errors.ts';
import { toHex } from '../../../src/core/base/hex.ts';
import { UpdaterMode } from '../../../src/core/schedule/mode.ts';
import { MemoryDeltas } from '../../../src/testing/memory-deltas.ts';
import { contentOf, noise, type ContentSample } from '../../support/content-samples.ts';
import { rework } from '../../support/delta-samples.ts';
import { codes, deltasOf, holds, StatedScene, ways, type Misbehaviour } from '../../support/stated-scene.ts';

const chunkNames = ({ manifest }: ContentSample): string[] =>
  Array.from({ length: manifest.count }, (_, index) => `chunk ${toHex(manifest.hashAt(index))}`);

describe('an update by a statement', () => {
  let scene = new StatedScene();
  afterEach(async () => {
    await scene.stop();
    scene = new StatedScene();
  });

  it('goes by the delta, and costs hardly more than it', async () => {
    const old = await scene.release({ version: '1.0.0' });
    const next = await scene.release({ version: '1.1.0', seq: 2n, from: [old] });
    await scene.offer(next);
    const agent = await scene.run(old);
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
    expect(agent.restarts).toEqual(['1.1.0']);
    expect(ways(agent)).toEqual(['delta']);
    // The stamp has 1280 bytes.
    expect(agent.seen('accepted')[0]?.totalBytes).toBeLessThan(2000);
    expect(agent.seen('error')).toEqual([]);
    expect(agent.store.staged).toBe(0);
  });

  it('asks for the chunks that changed, and for no others, where there is no delta', async () => {
    const old = await scene.release({ version: '1.0.0' });
    const next = await scene.release({ version: '1.1.0', seq: 2n });
    const peer = await scene.peer(next);
    await scene.publish(next.statement.item, next.statement);
    const agent = await scene.run(old);
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
    expect(ways(agent)).toEqual(['chunks']);
    expect(peer.asked.map((object) => object.split(' ')[0])).toEqual(['page', 'chunk']);
    expect(agent.seen('error')).toEqual([]);
  });

  it('takes the whole file when nobody has the parts', async () => {
    const old = await scene.release({ version: '1.0.0' });
    const next = await scene.release({ version: '1.1.0', seq: 2n, seed: 1, speaksV0: true });
    const withoutParts = { object: () => Promise.resolve(undefined) };
    const peer = await scene.peer(next, () => withoutParts, { isWhole: true });
    await scene.publish(next.statement.item, next.statement);
    const agent = await scene.run(old);
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
    expect(ways(agent).at(-1)).toBe('whole');
    expect(peer.stampsAsked).toBe(1);
    expect(agent.seen('accepted')[0]?.totalBytes).toBeGreaterThan(next.file.length);
  });

  it('goes by chunks when the delta was made for another program', async () => {
    const old = await scene.release({ version: '1.0.0' });
    const other = await scene.release({ version: '1.0.0', edit: 77 });
    const next = await scene.release({ version: '1.1.0', seq: 2n, from: [old], deltaTo: other });
    await scene.offer(next);
    const agent = await scene.run(old);
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
    expect(ways(agent)).toEqual(['delta', 'chunks']);
    expect(codes(agent)).toEqual(['DELTA_MALFORMED']);
    expect(agent.store.staged).toBe(0);
  });

  it('goes by chunks when nobody has the delta any more', async () => {
    const old = await scene.release({ version: '1.0.0' });
    const next = await scene.release({ version: '1.1.0', seq: 2n, from: [old] });
    await scene.offer(next, { deltas: new MemoryDeltas() });
    const agent = await scene.run(old);
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
    expect(ways(agent)).toEqual(['delta', 'chunks']);
    expect(codes(agent)).toEqual([]);
  });

  it('uses a delta that is on this machine already', async () => {
    const sizeBytes = 4_000_000;
    const old = await scene.release({ version: '1.0.0', sizeBytes });
    // Long enough for a program of that length to be cut in two, and short enough to be taken at once.
    const change = (program: Uint8Array): void => {
      program.set(noise(70_000), 100_000);
    };
    const next = await scene.release({ version: '1.1.0', seq: 2n, sizeBytes, change, from: [old] });
    const peer = await scene.peer(next);
    await scene.publish(next.statement.item, next.statement);
    const agent = await scene.run(old, { deltas: deltasOf(next) });
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
    expect(peer.asked).toEqual([]);
  });

  it('fetches a delta anew that was damaged on this machine', async () => {
    const old = await scene.release({ version: '1.0.0' });
    const next = await scene.release({ version: '1.1.0', seq: 2n, from: [old] });
    const peer = await scene.peer(next);
    await scene.publish(next.statement.item, next.statement);
    const deltas = new MemoryDeltas();
    const [delta] = next.statement.deltas;
    if (delta === undefined) throw new Error('the release has a delta');
    deltas.put(delta.root, new Uint8Array(delta.sizeBytes));
    const agent = await scene.run(old, { deltas });
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
    expect(ways(agent)).toEqual(['delta']);
    expect(peer.asked).toHaveLength(2);
  });

  it('goes by chunks when there is no place for the delta', async () => {
    const old = await scene.release({ version: '1.0.0' });
    const next = await scene.release({ version: '1.1.0', seq: 2n, from: [old] });
    await scene.offer(next);
    const deltas = new MemoryDeltas();
    deltas.partials.failure = new PeerpatchError('INSTALL_NO_SPACE', 'the disk is full');
    const agent = await scene.run(old, { deltas });
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
    expect(ways(agent)).toEqual(['delta', 'chunks']);
    expect(codes(agent)).toEqual(['MEMORY_UNUSABLE']);
  });

  it('leaves the old program in place when the disk is full, and goes no other way', async () => {
    const old = await scene.release({ version: '1.0.0' });
    const next = await scene.release({ version: '1.1.0', seq: 2n, from: [old] });
    await scene.offer(next);
    const agent = await scene.run(old);
    agent.store.failure = new PeerpatchError('INSTALL_NO_SPACE', 'the disk is full');
    await agent.agent.check();
    expect(holds(agent, old)).toBe(true);
    expect(ways(agent)).not.toContain('chunks');
    expect(agent.seen('error').map(({ during, code }) => [during, code])).toEqual([['install', 'INSTALL_NO_SPACE']]);

    agent.store.failure = undefined;
    await agent.agent.check({ force: true });
    expect(holds(agent, next)).toBe(true);
  });

  it('goes on with verified chunks after the agent was stopped in the middle', async () => {
    const old = await scene.release({ version: '1.0.0' });
    const next = await scene.release({ version: '1.1.0', seq: 2n, seed: 1, sizeBytes: 1_500_000 });
    let isHeldUp = true;
    let given = 0;
    let letGo: () => void = () => undefined;
    const released = new Promise<undefined>(
      (resolve) =>
        (letGo = () => {
          resolve(undefined);
        }),
    );
    const peer = await scene.peer(next, (honest) => ({
      object: async (kind, hash) => {
        if (kind === 'chunk' && isHeldUp && ++given > 10) return released;
        return honest.object(kind, hash);
      },
    }));
    await scene.publish(next.statement.item, next.statement);
    const killed = await scene.run(old);
    await scene.until(() => given > 10 && killed.seen('progress').length > 5);
    letGo();
    await killed.agent.stop();
    expect(holds(killed, old)).toBe(true);
    expect(killed.store.staged).toBe(0);

    const before = peer.asked.length;
    isHeldUp = false;
    const agent = await scene.run(old, { store: killed.store });
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
    const held = next.manifest.count - peer.asked.slice(before).filter((object) => object.startsWith('chunk')).length;
    expect(held).toBeGreaterThanOrEqual(5);
    expect(agent.store.partials.names).toEqual([]);
  });

  it('goes on with a delta of several chunks after the agent was stopped in the middle, from two peers', async () => {
    const old = await scene.release({ version: '1.0.0', sizeBytes: 4_000_000 });
    const fields = { version: '1.1.0', seq: 2n, sizeBytes: 4_000_000, change: rework };
    const next = await scene.release({ ...fields, from: [old] });
    const names = chunkNames(contentOf(next.deltaBytes[0] ?? new Uint8Array(), 'delta'));
    expect(names.length).toBeGreaterThan(4);
    let isHeldUp = true;
    let given = 0;
    let letGo: () => void = () => undefined;
    const released = new Promise<undefined>(
      (resolve) =>
        (letGo = () => {
          resolve(undefined);
        }),
    );
    const halting: Misbehaviour = (honest) => ({
      object: async (kind, hash) => {
        if (kind === 'chunk' && isHeldUp && ++given > 2) return released;
        return honest.object(kind, hash);
      },
    });
    const peers = [await scene.peer(next, halting), await scene.peer(next, halting)];
    const asked = (): string[] => peers.flatMap((peer) => peer.asked).filter((object) => object.startsWith('chunk'));
    await scene.publish(next.statement.item, next.statement);
    const deltas = new MemoryDeltas();
    const killed = await scene.run(old, { deltas });
    await scene.until(() => given > 2 && killed.seen('progress').length >= 2);
    letGo();
    await killed.agent.stop();
    expect(ways(killed)).toEqual(['delta']);

    const before = asked().length;
    isHeldUp = false;
    const agent = await scene.run(old, { store: killed.store, deltas });
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
    expect(ways(agent)).toEqual(['delta']);
    const rest = asked().slice(before);
    expect(rest.length).toBeLessThanOrEqual(names.length - 2);
    expect(new Set(asked())).toEqual(new Set(names));
    expect(peers.map((peer) => peer.asked.length > 1)).toEqual([true, true]);
    expect(deltas.partials.names).toEqual([]);
  });

  it('lets others have the chunks and the delta of what it installed when the owner is gone', async () => {
    const old = await scene.release({ version: '1.0.0' });
    const next = await scene.release({ version: '1.1.0', seq: 2n, seed: 1, from: [old] });
    const small = await scene.release({ version: '1.2.0', seq: 3n, seed: 1, edit: 9, from: [next] });
    const origin = await scene.offer(small);
    const first = await scene.run(next, { mode: UpdaterMode.OnRestart });
    await first.agent.check();
    expect(ways(first)).toEqual(['delta']);
    await scene.until(() => first.seen('announced').some(({ version }) => version === '1.2.0'));
    await origin.agent.stop();

    const second = await scene.run(next, { deltas: new MemoryDeltas() });
    await second.agent.check();
    expect(holds(second, small)).toBe(true);
    expect(ways(second)).toEqual(['delta']);
    const third = await scene.run(old);
    await third.agent.check();
    expect(holds(third, small)).toBe(true);
    expect(ways(third)).toEqual(['chunks']);
    // The owner's record is still there.
    expect(new Set([...codes(second), ...codes(third)])).toEqual(new Set(['PEER_UNREACHABLE']));
  });

  it('lets others have it while the host takes its time for the restart', async () => {
    const old = await scene.release({ version: '1.0.0' });
    const next = await scene.release({ version: '1.1.0', seq: 2n, from: [old] });
    const origin = await scene.offer(next);
    const first = await scene.run(old);
    await first.agent.check();
    expect(first.restarts).toEqual(['1.1.0']);
    await scene.until(() => first.seen('announced').some(({ version }) => version === '1.1.0'));
    await origin.agent.stop();
    const second = await scene.run(old);
    await second.agent.check();
    expect(holds(second, next)).toBe(true);
    expect(ways(second)).toEqual(['delta']);
  });

  it('goes from one pre-release to the next, and to the release', async () => {
    const [rc1, rc2, final] = [
      await scene.release({ version: '1.1.0-rc.1', seq: 1n }),
      await scene.release({ version: '1.1.0-rc.2', seq: 2n }),
      await scene.release({ version: '1.1.0', seq: 3n }),
    ];
    // Announced first: of two that write into an empty slot at one moment, the later hides the other for this minute.
    const agent = await scene.offer(rc1, { mode: UpdaterMode.OnRestart });
    await agent.agent.check();
    await scene.offer(rc2);
    await agent.agent.check();
    expect(holds(agent, rc2)).toBe(true);
    await scene.offer(final);
    await agent.agent.check();
    expect(holds(agent, final)).toBe(true);
    expect(agent.seen('installed').map(({ from, version }) => `${from} to ${version}`)).toEqual([
      '1.1.0-rc.1 to 1.1.0-rc.2',
      '1.1.0-rc.2 to 1.1.0',
    ]);
    expect(codes(agent)).toEqual([]);
  });
});
