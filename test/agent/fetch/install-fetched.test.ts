/**
 * What becomes of a fetched program that is not installed: because the host ended, or because it is no good.
 *
 * @module
 */
import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { installFetched } from '../../../src/agent/fetch/fetch.ts';
import { PeerpatchError, type ErrorCode } from '../../../src/core/base/errors.ts';
import { toHex } from '../../../src/core/base/hex.ts';
import type { AcceptedRelease } from '../../../src/core/release/accept.ts';
import { STAMP_BYTES } from '../../../src/core/stamp/block.ts';
import { programStore } from '../../../src/io/install/program-file.ts';
import type { PartialProgram, UpdateNames } from '../../../src/ports/program.ts';
import { MemoryDeltas } from '../../../src/testing/memory-deltas.ts';
import { MemoryProgram } from '../../../src/testing/memory-program.ts';
import type { StatedSample } from '../../../src/testing/sample-program.ts';
import { rework } from '../../support/delta-samples.ts';
import { codes, holds, StatedScene, ways, type ReleaseFields } from '../../support/stated-scene.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

/** Its preflight takes until the host ends. */
class SlowPreflight extends MemoryProgram {
  isSlow = true;
  isTrying = false;

  override async resume(name: string, sizeBytes: number): Promise<PartialProgram> {
    const partial = await super.resume(name, sizeBytes);
    const install = async (release: AcceptedRelease, update?: UpdateNames): Promise<void> => {
      if (!this.isSlow) return partial.install(release, update);
      this.isTrying = true;
      await new Promise((resolve) => update?.signal?.addEventListener('abort', resolve));
      throw new PeerpatchError('CANCELLED', 'the installation was stopped');
    };
    return { ...partial, install };
  }
}

/** The names of the chunks that have a part of these bytes. */
function chunksFrom({ manifest }: StatedSample, from: number, sizeBytes: number): string[] {
  return Array.from({ length: manifest.count }, (_, index) => index)
    .filter((index) => manifest.offsetAt(index) < from + sizeBytes)
    .filter((index) => manifest.offsetAt(index) + manifest.lengthAt(index) > from)
    .map((index) => `chunk ${toHex(manifest.hashAt(index))}`);
}

describe('a fetched program whose installation was stopped', () => {
  let scene = new StatedScene();
  afterEach(async () => {
    await scene.stop();
    scene = new StatedScene();
  });

  const fields: Omit<ReleaseFields, 'version'> = { sizeBytes: 1_500_000 };
  const cases: [way: string, change: Omit<ReleaseFields, 'version'>, hasDelta: boolean][] = [
    ['chunks', { seed: 1 }, false],
    ['delta', { change: rework }, true],
  ];
  it.each(cases)('is installed by the next run with what is there, fetched by %s', async (way, change, hasDelta) => {
    const old = await scene.release({ ...fields, version: '1.0.0' });
    const from = hasDelta ? [old] : [];
    const next = await scene.release({ ...fields, ...change, version: '1.1.0', seq: 2n, from });
    const peer = await scene.peer(next);
    await scene.publish(next.statement.item, next.statement);
    const store = new SlowPreflight(old.file);
    const deltas = new MemoryDeltas();
    const stopped = await scene.run(old, { store, deltas });
    await scene.until(() => store.isTrying);
    await stopped.agent.stop();
    expect([holds(stopped, old), ways(stopped), codes(stopped)]).toEqual([true, [way], []]);
    expect([store.staged, store.partials.names.length]).toEqual([0, 1]);

    const before = peer.asked.length;
    store.isSlow = false;
    const agent = await scene.run(old, { store, deltas });
    await agent.agent.check();
    // The stopped one is still announced for this minute, and nobody answers there any more.
    const others = codes(agent).filter((code) => code !== 'PEER_UNREACHABLE');
    expect([holds(agent, next), agent.restarts, others]).toEqual([true, ['1.1.0'], []]);
    // The chunks of the image have zeros where the stamp is by now.
    const stamped = chunksFrom(next, next.statement.stampOffset, STAMP_BYTES);
    const asked = peer.asked.slice(before).filter((object) => object.startsWith('chunk'));
    expect(asked.filter((object) => !stamped.includes(object))).toEqual([]);
    expect(stamped.length).toBeLessThanOrEqual(2);
    expect([store.staged, store.partials.names]).toEqual([0, []]);
  });

  it('is removed when it failed its preflight', async () => {
    const old = await scene.release({ version: '1.0.0' });
    const next = await scene.release({ version: '1.1.0', seq: 2n });
    await scene.peer(next);
    await scene.publish(next.statement.item, next.statement);
    const agent = await scene.run(old);
    agent.store.preflightFailure = new PeerpatchError('PREFLIGHT_FAILED', 'it exited with 1');
    await agent.agent.check();
    expect([codes(agent), agent.store.staged, agent.store.partials.names]).toEqual([['PREFLIGHT_FAILED'], 0, []]);
  });
});

describe('on disk, a fetched program that is not installed', () => {
  const folder = useTempFolder();
  const release = {} as AcceptedRelease;
  const bytes = Buffer.from('hello world');
  const root = 'ab'.repeat(32);
  const update: UpdateNames = {
    to: { version: '1.1.0', id: 'ab'.repeat(32) },
    from: { version: '1.0.0', id: 'cd'.repeat(32) },
  };
  /** A store whose preflight fails. */
  const storeWhere = (code: ErrorCode) => {
    writeFileSync(folder.join('app'), 'old', { mode: 0o755 });
    return programStore(folder.join('app'), { preflight: () => Promise.reject(new PeerpatchError(code, 'no')) });
  };

  it('is kept when it is a partial one and the host ended', async () => {
    const store = storeWhere('CANCELLED');
    const staged = await store.resume(root, bytes.length);
    await staged.write(0, bytes);
    await expect(installFetched({ staged, release }, update)).rejects.toMatchObject({ code: 'CANCELLED' });
    const again = await store.resume(root, bytes.length);
    expect([again.isNew, Buffer.from(await again.read(0, bytes.length))]).toEqual([false, bytes]);
    await again.discard();
    expect(folder.list()).toEqual(['app']);
  });

  it('is removed when it is a partial one that failed', async () => {
    const staged = await storeWhere('PREFLIGHT_FAILED').resume(root, bytes.length);
    await staged.write(0, bytes);
    await expect(installFetched({ staged, release }, update)).rejects.toMatchObject({ code: 'PREFLIGHT_FAILED' });
    expect(folder.list()).toEqual(['app']);
  });

  it.each(['CANCELLED', 'PREFLIGHT_FAILED'] as const)(
    'is removed when nobody could go on with it: %s',
    async (code) => {
      const staged = await storeWhere(code).stage(bytes.length);
      await staged.write(bytes);
      await expect(installFetched({ staged, release }, update)).rejects.toMatchObject({ code });
      expect(folder.list()).toEqual(['app']);
    },
  );
});
