import { afterEach, describe, expect, it } from 'vitest';
import { PeerpatchError } from '../../../src/core/base/errors.ts';
import type { OpenProgram } from '../../../src/ports/program.ts';
import { MemoryProgram } from '../../../src/testing/memory-program.ts';
import { codes, holds, StatedScene, ways } from '../../support/stated-scene.ts';

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
});
