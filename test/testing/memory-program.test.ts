import { describe, expect, it } from 'vitest';
import { PeerpatchError } from '../../src/core/base/errors.ts';
import type { AcceptedRelease } from '../../src/core/release/accept.ts';
import { MemoryProgram } from '../../src/testing/memory-program.ts';
import { failure, filler } from '../support/stamp-samples.ts';

const RELEASE = { sizeBytes: 7 } as AcceptedRelease;

// What every store does is in test/contract/program.test.ts; here is what only this one has.
describe('MemoryProgram', () => {
  it('remembers what was installed, in order', async () => {
    const store = new MemoryProgram(filler(10));
    const staged = await store.stage(2);
    await staged.write(Uint8Array.of(1, 2));
    expect(store.staged).toBe(1);
    await staged.install(RELEASE);
    expect(store.installed).toEqual([RELEASE]);
    expect(store.content).toEqual(Uint8Array.of(1, 2));
    expect(store.staged).toBe(0);
  });

  it('fails at every step while it is told to, and works again afterwards', async () => {
    const store = new MemoryProgram(filler(10));
    const staged = await store.stage(1);
    store.failure = new PeerpatchError('INSTALL_NO_SPACE', 'full');
    await expect(store.stage(1)).rejects.toEqual(failure('INSTALL_NO_SPACE'));
    await expect(staged.write(Uint8Array.of(9))).rejects.toEqual(failure('INSTALL_NO_SPACE'));
    await expect(staged.install(RELEASE)).rejects.toEqual(failure('INSTALL_NO_SPACE'));
    expect(store.content).toEqual(filler(10));
    store.failure = undefined;
    await staged.write(Uint8Array.of(9));
    await staged.install(RELEASE);
    expect(store.content).toEqual(Uint8Array.of(9));
  });

  it('gives pieces of the length it was told, and uses their memory again', async () => {
    const program = await new MemoryProgram(filler(25), { path: '/opt/app', pieceBytes: 10 }).open();
    const kept: Uint8Array[] = [];
    for await (const piece of program.read()) kept.push(piece);
    expect(kept.map(({ length }) => length)).toEqual([10, 10, 5]);
    expect(kept[0]).toEqual(kept[1]?.with(0, kept[0]?.[0] ?? 0));
    expect(program.path).toBe('/opt/app');
  });
});
