import { describe, expect, it } from 'vitest';
import { emptyIndex } from '../../../src/core/delta/block-index.ts';
import { startMatchThreads } from '../../../src/io/delta/match-threads.ts';

const bytes = (sizeBytes: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(sizeBytes));
const memory = { base: bytes(1000), result: bytes(1000), index: emptyIndex(1000) };

describe('threads that search', () => {
  it('carry out tasks, and say so when they have ended', async () => {
    const [thread] = startMatchThreads(memory, 1);
    expect(await thread?.carryOut({ kind: 'match', from: 0, to: 1000 })).toBeInstanceOf(Float64Array);
    await thread?.close();
    await expect(thread?.carryOut({ kind: 'match', from: 0, to: 1000 })).rejects.toThrow('the thread ended');
  });

  it('report what fails in them', async () => {
    const [thread] = startMatchThreads({ ...memory, index: undefined } as never, 1);
    await expect(thread?.carryOut({ kind: 'match', from: 0, to: 1000 })).rejects.toThrow(TypeError);
    await thread?.close();
  });

  it('are the calling one when none is asked for', async () => {
    const threads = startMatchThreads(memory, 0);
    expect(threads).toHaveLength(1);
    expect(await threads[0]?.carryOut({ kind: 'match', from: 0, to: 1000 })).toBeInstanceOf(Float64Array);
    await threads[0]?.close();
  });
});
