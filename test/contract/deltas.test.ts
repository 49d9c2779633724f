/**
 * What every DeltaStore must do, run against the one in memory and the one on files.
 *
 * @module
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { toHex } from '../../src/core/base/hex.ts';
import { deltasFolder, deltaStore } from '../../src/io/files/delta-store.ts';
import type { DeltaStore } from '../../src/ports/deltas.ts';
import type { OpenProgram } from '../../src/ports/program.ts';
import { MemoryDeltas } from '../../src/testing/memory-deltas.ts';
import { noise } from '../support/content-samples.ts';
import { failure } from '../support/stamp-samples.ts';
import { useTempFolder } from '../support/temp-folder.ts';

const LIMITS = { maxFiles: 4, maxBytes: 10_000 };
const BYTES = noise(1000);
const root = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

const folder = useTempFolder();
interface Opened {
  readonly store: DeltaStore;
  /** As the owner does, beside the program. */
  readonly put: (root: Uint8Array, bytes: Uint8Array) => void;
}
const adapters: readonly [name: string, start: () => Opened][] = [
  [
    'in memory',
    () => {
      const store = new MemoryDeltas(LIMITS);
      return {
        store,
        put: (of, bytes) => {
          store.put(of, bytes);
        },
      };
    },
  ],
  [
    'on files',
    () => {
      const programPath = folder.join('app');
      const beside = deltasFolder(programPath);
      writeFileSync(programPath, 'program');
      mkdirSync(beside);
      return {
        store: deltaStore({ programPath, folder: folder.join('cache'), limits: LIMITS, onError: () => undefined }),
        put: (of, bytes) => {
          writeFileSync(join(beside, toHex(of)), bytes);
        },
      };
    },
  ],
];

/** Everything in it; closes it. */
async function readAll(delta: OpenProgram | undefined): Promise<Uint8Array | undefined> {
  if (delta === undefined) return undefined;
  const pieces: Uint8Array[] = [];
  for await (const piece of delta.read()) pieces.push(piece.slice());
  await delta.close();
  return concatBytes(...pieces);
}

/** As an update does: fetched, closed, kept. */
async function keep(store: DeltaStore, of: Uint8Array, bytes: Uint8Array): Promise<Uint8Array | undefined> {
  const partial = await store.partial(of, bytes.length);
  await partial.write(0, bytes);
  await partial.close();
  vi.setSystemTime(Date.now() + 10); // which one is older must not hang on how fast the disk is
  return readAll(await store.keep(of));
}

async function found(store: DeltaStore, sizeBytes: number, ...roots: readonly number[]): Promise<number[]> {
  const there: number[] = [];
  for (const byte of roots) {
    if ((await readAll(await store.open(root(byte), sizeBytes))) !== undefined) there.push(byte);
  }
  return there;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe.each(adapters)('deltas %s', (_name, start) => {
  it('has none at first', async () => {
    expect(await start().store.open(root(1), 1000)).toBeUndefined();
  });

  it('opens what lies beside the program, of that root and length only', async () => {
    const { store, put } = start();
    put(root(1), BYTES);
    expect(await readAll(await store.open(root(1), 1000))).toEqual(BYTES);
    expect(await store.open(root(1), 999)).toBeUndefined();
    expect(await store.open(root(1), 1001)).toBeUndefined();
    expect(await store.open(root(2), 1000)).toBeUndefined();
  });

  it('opens what was kept, any number of times', async () => {
    const { store } = start();
    expect(await keep(store, root(1), BYTES)).toEqual(BYTES);
    const [first, second] = [await store.open(root(1), 1000), await store.open(root(1), 1000)];
    expect(await first?.readAt(10, 20)).toEqual(BYTES.slice(10, 30));
    await first?.close();
    expect(await readAll(second)).toEqual(BYTES);
    expect(await store.open(root(1), 999)).toBeUndefined();
  });

  it('does not open what is there in part, and goes on with it', async () => {
    const { store } = start();
    const first = await store.partial(root(1), 1000);
    await first.write(0, BYTES.subarray(0, 500));
    expect(await store.open(root(1), 1000)).toBeUndefined();
    await first.close();
    expect(await store.open(root(1), 1000)).toBeUndefined();
    const second = await store.partial(root(1), 1000);
    expect(second.isNew).toBe(false);
    await second.write(500, BYTES.subarray(500));
    await second.close();
    expect(await readAll(await store.keep(root(1)))).toEqual(BYTES);
    const third = await store.partial(root(1), 1000);
    expect(third.isNew).toBe(true);
    await third.discard();
  });

  it('opens what was kept before what lies beside the program under its root', async () => {
    const { store, put } = start();
    put(root(1), noise(1000, 2));
    await keep(store, root(1), BYTES);
    expect(await readAll(await store.open(root(1), 1000))).toEqual(BYTES);
  });

  it('opens what lies beside the program when what was kept has another length', async () => {
    const { store, put } = start();
    await keep(store, root(1), noise(500));
    put(root(1), BYTES);
    expect(await readAll(await store.open(root(1), 1000))).toEqual(BYTES);
  });

  it('replaces a kept one that was fetched again', async () => {
    const { store } = start();
    await keep(store, root(1), noise(1000, 2));
    await keep(store, root(1), BYTES);
    expect(await readAll(await store.open(root(1), 1000))).toEqual(BYTES);
  });

  it('keeps the youngest files, never more than the limit', async () => {
    const { store, put } = start();
    put(root(9), BYTES);
    for (const byte of [1, 2, 3, 4, 5, 6]) await keep(store, root(byte), BYTES);
    expect(await found(store, 1000, 1, 2, 3, 4, 5, 6, 9)).toEqual([3, 4, 5, 6, 9]);
  });

  it('keeps the youngest files, never more bytes than the limit', async () => {
    const { store } = start();
    for (const byte of [1, 2, 3]) await keep(store, root(byte), noise(4000));
    expect(await found(store, 4000, 1, 2, 3)).toEqual([2, 3]);
    await keep(store, root(4), noise(10_000));
    expect(await found(store, 4000, 1, 2, 3)).toEqual([]);
    expect(await found(store, 10_000, 4)).toEqual([4]);
  });

  it('gives one that is too large to the update it was fetched for, and does not keep it', async () => {
    const { store } = start();
    await keep(store, root(1), BYTES);
    const large = noise(10_001);
    expect(await keep(store, root(2), large)).toEqual(large);
    expect(await store.open(root(2), large.length)).toBeUndefined();
    expect(await found(store, 1000, 1)).toEqual([1]);
    const again = await store.partial(root(2), large.length);
    expect(again.isNew).toBe(true);
    await again.discard();
  });

  it('lets the update read on while others push its delta out', async () => {
    const { store } = start();
    await keep(store, root(1), BYTES);
    const opened = await store.open(root(1), 1000);
    for (const byte of [2, 3, 4, 5]) await keep(store, root(byte), BYTES);
    expect(await store.open(root(1), 1000)).toBeUndefined();
    expect(await readAll(opened)).toEqual(BYTES);
  });

  it('keeps nothing when there is nothing, or it is still being written', async () => {
    const { store } = start();
    expect(await store.keep(root(1))).toBeUndefined();
    const partial = await store.partial(root(1), 1000);
    expect(await store.keep(root(1))).toBeUndefined();
    await partial.write(0, BYTES);
    await partial.close();
    expect(await readAll(await store.keep(root(1)))).toEqual(BYTES);
    expect(await readAll(await store.keep(root(1)))).toEqual(BYTES);
  });

  it('MEMORY_UNUSABLE: a second one writes the same delta', async () => {
    const { store } = start();
    const partial = await store.partial(root(1), 1000);
    await expect(store.partial(root(1), 1000)).rejects.toEqual(failure('MEMORY_UNUSABLE'));
    await partial.discard();
  });

  it('RangeError: outside the partial file', async () => {
    const partial = await start().store.partial(root(1), 1000);
    await expect(partial.read(999, 2)).rejects.toBeInstanceOf(RangeError);
    await expect(partial.write(1000, BYTES)).rejects.toBeInstanceOf(RangeError);
    await partial.discard();
  });
});
