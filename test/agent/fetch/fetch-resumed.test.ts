import { afterEach, describe, expect, it } from 'vitest';
import { PeerpatchError } from '../../../src/core/base/errors.ts';
import type { OpenProgram } from '../../../src/ports/program.ts';
import { toHex } from '../../../src/core/base/hex.ts';
import { MemoryDeltas } from '../../../src/testing/memory-deltas.ts';
import { MemoryProgram } from '../../../src/testing/memory-program.ts';
import { noise, rework } from '../../support/delta-samples.ts';
import { codes, deltasOf, holds, image, StatedScene, ways, type SampleRelease } from '../../support/stated-scene.ts';

/** A program on a disk with a bad sector, from the moment `isBad` is set. */
class BadSector extends MemoryProgram {
  isBad = false;

  override async open(): Promise<OpenProgram> {
    const file = await super.open();
    const readAt: OpenProgram['readAt'] = (offset, length, memory) => {
      if (!this.isBad || offset + length <= 100_000) return file.readAt(offset, length, memory);
      return Promise.reject(new PeerpatchError('PROGRAM_UNREADABLE', 'EIO'));
    };
    return { ...file, readAt };
  }
}

/** What a download by chunks leaves that was killed: the first ones, up to this byte. Tells how many whole ones. */
async function leavePart({ partials }: MemoryProgram, release: SampleRelease, endBytes: number): Promise<number> {
  const { statement, manifest } = release;
  const partial = await partials.open(toHex(statement.root), statement.sizeBytes);
  await partial.write(0, image(release).subarray(0, endBytes));
  await partial.close();
  return Array.from(
    { length: manifest.count },
    (_, index) => manifest.offsetAt(index) + manifest.lengthAt(index),
  ).filter((end) => end <= endBytes).length;
}

const SIZE_BYTES = 2_000_000;

describe('an update of what is there in part', () => {
  let scene = new StatedScene();
  afterEach(async () => {
    await scene.stop();
    scene = new StatedScene();
  });

  it('goes by chunks when the old program cannot be read to its end, which only a delta needs', async () => {
    const old = await scene.release({ version: '1.0.0' });
    const next = await scene.release({ version: '1.1.0', seq: 2n, from: [old] });
    await scene.offer(next);
    const store = new BadSector(old.file);
    const agent = await scene.run(old, { store });
    store.isBad = true;
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
    expect(ways(agent)).toEqual(['delta', 'chunks']);
    expect(codes(agent)).not.toContain('CONTENT_NOT_FOUND');
  });

  it('asks for the one chunk that is missing when all others are here, and not for a delta', async () => {
    const old = await scene.release({ version: '1.0.0', sizeBytes: SIZE_BYTES });
    const next = await scene.release({ version: '1.1.0', seq: 2n, sizeBytes: SIZE_BYTES, change: rework, from: [old] });
    const peer = await scene.peer(next);
    await scene.publish(next.statement.item, next.statement);
    const store = new MemoryProgram(old.file);
    expect(await leavePart(store, next, SIZE_BYTES - 10)).toBe(next.manifest.count - 1);
    const agent = await scene.run(old, { store, deltas: new MemoryDeltas() });
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
    expect(ways(agent)).toEqual(['chunks']);
    expect(peer.asked.filter((object) => object.startsWith('chunk'))).toHaveLength(1);
  });

  const wrong: [
    name: string,
    deltaTo: { readonly sizeBytes: number; readonly change: (program: Uint8Array) => void },
  ][] = [
    [
      'is refused in its head',
      {
        sizeBytes: SIZE_BYTES + 1,
        change: rework,
      },
    ],
    [
      'makes another program',
      {
        sizeBytes: SIZE_BYTES,
        change: (program) => {
          rework(program);
          program.set(noise(100, 3), 200);
        },
      },
    ],
  ];
  it.each(wrong)('keeps the chunks that are here when a cheaper delta %s', async (_name, other) => {
    const old = await scene.release({ version: '1.0.0', sizeBytes: SIZE_BYTES });
    const deltaTo = await scene.release({ version: '1.0.0', ...other });
    const fields = { version: '1.1.0', seq: 2n, sizeBytes: SIZE_BYTES, change: rework, from: [old], deltaTo };
    const next = await scene.release(fields);
    const peer = await scene.peer(next);
    await scene.publish(next.statement.item, next.statement);
    const store = new MemoryProgram(old.file);
    const heldCount = await leavePart(store, next, SIZE_BYTES / 5);
    expect(heldCount).toBeGreaterThan(3);
    const agent = await scene.run(old, { store, deltas: new MemoryDeltas() });
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
    expect(ways(agent)).toEqual(['delta', 'chunks']);
    const held = Array.from({ length: heldCount }, (_, index) => `chunk ${toHex(next.manifest.hashAt(index))}`);
    expect(peer.asked.filter((object) => held.includes(object))).toEqual([]);
    expect(store.partials.names).toEqual([]);
  });

  it('goes by a delta that is right although chunks are here', async () => {
    const old = await scene.release({ version: '1.0.0', sizeBytes: SIZE_BYTES });
    const next = await scene.release({ version: '1.1.0', seq: 2n, sizeBytes: SIZE_BYTES, change: rework, from: [old] });
    await scene.offer(next);
    const store = new MemoryProgram(old.file);
    await leavePart(store, next, SIZE_BYTES / 5);
    const agent = await scene.run(old, { store });
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
    expect(ways(agent)).toEqual(['delta']);
  });

  it('asks for nothing when the delta is here already, though few chunks are missing', async () => {
    const { old, next, peer, store } = await nearlyThere();
    const agent = await scene.run(old, { store, deltas: deltasOf(next) });
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
    expect(ways(agent)).toEqual(['delta']);
    expect(peer.asked).toEqual([]);
  });

  it('asks for the chunk that is missing when what is here is not the delta that it is called', async () => {
    const { old, next, store } = await nearlyThere();
    const deltas = new MemoryDeltas();
    for (const { root, sizeBytes } of next.statement.deltas) deltas.put(root, new Uint8Array(sizeBytes));
    const agent = await scene.run(old, { store, deltas });
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
    expect(ways(agent)).toEqual(['chunks']);
  });

  /** All of the next release but its last chunk, as a kill leaves it. */
  async function nearlyThere() {
    const old = await scene.release({ version: '1.0.0', sizeBytes: SIZE_BYTES });
    const next = await scene.release({ version: '1.1.0', seq: 2n, sizeBytes: SIZE_BYTES, change: rework, from: [old] });
    const peer = await scene.peer(next);
    await scene.publish(next.statement.item, next.statement);
    const store = new MemoryProgram(old.file);
    await leavePart(store, next, SIZE_BYTES - 10);
    return { old, next, peer, store };
  }
});
