import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PeerpatchError } from '../../../src/core/base/errors.ts';
import { toHex } from '../../../src/core/base/hex.ts';
import { KEPT_DELTA_LIMITS } from '../../../src/core/base/limits.ts';
import { deltasFolder, deltaStore } from '../../../src/io/files/delta-store.ts';
import { formatPartialName, THIS_SYSTEM } from '../../../src/io/install/partial-name.ts';
import type { DeltaStore } from '../../../src/ports/deltas.ts';
import type { OpenProgram } from '../../../src/ports/program.ts';
import { noise } from '../../support/content-samples.ts';
import { failure } from '../../support/stamp-samples.ts';
import { canMount, makeReadOnly, mount, unmount, useTempFolder } from '../../support/temp-folder.ts';
import { HAS_MODES } from '../../support/this-system.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** The number of a process that has ended. */
const DEAD = spawnSync(process.execPath, ['--version']).pid;
const BYTES = noise(1000);
const root = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const hex = (byte: number): string => toHex(root(byte));

const folder = useTempFolder();
const app = (): string => folder.join('app');
const kept = (...names: readonly string[]): string => folder.join('cache', 'deltas', ...names);
const errors: PeerpatchError[] = [];
const start = (options: Partial<Parameters<typeof deltaStore>[0]> = {}): DeltaStore => {
  errors.length = 0;
  return deltaStore({
    programPath: app(),
    folder: folder.join('cache'),
    onError: (error) => {
      errors.push(error);
    },
    ...options,
  });
};

async function content(delta: OpenProgram | undefined): Promise<Uint8Array | undefined> {
  const bytes = await delta?.readAt(0, delta.sizeBytes);
  await delta?.close();
  return bytes;
}

async function fetched(store: DeltaStore, of: Uint8Array, bytes = BYTES): Promise<void> {
  const partial = await store.partial(of, bytes.length);
  await partial.write(0, bytes);
  await partial.close();
}

async function keep(store: DeltaStore, of: Uint8Array, bytes = BYTES): Promise<Uint8Array | undefined> {
  await fetched(store, of, bytes);
  return content(await store.keep(of));
}

/** A file of the folder for deltas, last written so long ago. */
function leave(name: string, agoMs: number, bytes: Uint8Array = BYTES): string {
  mkdirSync(kept(), { recursive: true, mode: 0o700 });
  writeFileSync(kept(name), bytes);
  const seconds = (Date.now() - agoMs) / 1000;
  utimesSync(kept(name), seconds, seconds);
  return name;
}

const partialName = (pid: number, of: number, system = THIS_SYSTEM): string =>
  `.content.${formatPartialName({ pid, system, content: hex(of) })}`;

describe('deltas beside the program', () => {
  it('lie beside the real file when its path is a link', async () => {
    mkdirSync(folder.join('real'));
    writeFileSync(folder.join('real/app'), 'program');
    mkdirSync(deltasFolder(folder.join('real/app')));
    writeFileSync(join(deltasFolder(folder.join('real/app')), hex(1)), BYTES);
    mkdirSync(deltasFolder(folder.join('link')));
    writeFileSync(join(deltasFolder(folder.join('link')), hex(2)), BYTES);
    symlinkSync('real/app', folder.join('link'));
    const store = start({ programPath: folder.join('link') });
    expect(await content(await store.open(root(1), 1000))).toEqual(BYTES);
    expect(await store.open(root(2), 1000)).toBeUndefined();
    expect(errors).toEqual([]);
  });

  it('are not changed by what is kept, and opening makes no folder', async () => {
    writeFileSync(app(), 'program');
    mkdirSync(deltasFolder(app()));
    writeFileSync(join(deltasFolder(app()), hex(1)), BYTES);
    const store = start({ limits: { maxFiles: 1, maxBytes: 1000 } });
    await content(await store.open(root(1), 1000));
    expect(folder.list()).toEqual(['app', 'app.deltas']);
    await keep(store, root(1), noise(1000, 2));
    await keep(store, root(2));
    expect(readFileSync(join(deltasFolder(app()), hex(1)))).toEqual(Buffer.from(BYTES));
  });

  it.skipIf(process.platform === 'win32')('are files: a folder and a pipe under the name are not opened', async () => {
    writeFileSync(app(), 'program');
    mkdirSync(join(deltasFolder(app()), hex(1)), { recursive: true });
    execFileSync('mkfifo', [join(deltasFolder(app()), hex(2))]);
    const store = start();
    expect(await store.open(root(1), 0)).toBeUndefined();
    expect(await store.open(root(2), 0)).toBeUndefined();
  });

  it('that cannot be read are reported, and are none', async () => {
    writeFileSync(app(), 'program');
    mkdirSync(deltasFolder(app()));
    symlinkSync(hex(1), join(deltasFolder(app()), hex(1)));
    expect(await start().open(root(1), 1000)).toBeUndefined();
    expect(errors).toEqual([failure('MEMORY_UNUSABLE')]);
  });

  it('are found where there is no folder to keep any, and nothing is kept', async () => {
    writeFileSync(app(), 'program');
    mkdirSync(deltasFolder(app()));
    writeFileSync(join(deltasFolder(app()), hex(1)), BYTES);
    const store = start({ folder: undefined });
    expect(await content(await store.open(root(1), 1000))).toEqual(BYTES);
    expect(await store.keep(root(1))).toBeUndefined();
    await expect(store.partial(root(1), 1000)).rejects.toEqual(failure('MEMORY_UNUSABLE'));
  });
});

describe('deltas that are kept', () => {
  it('are named by their root, for nobody else, and found by the next process without a program', async () => {
    expect(await keep(start(), root(1))).toEqual(BYTES);
    expect(readdirSync(kept())).toEqual([hex(1)]);
    if (HAS_MODES) expect([kept(), kept(hex(1))].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o600]);
    const delta = await start().open(root(1), 1000);
    expect(delta?.path).toBe(kept(hex(1)));
    expect(await content(delta)).toEqual(BYTES);
    expect(errors).toEqual([]);
  });

  it('has 4 files and 256 MiB as limits', async () => {
    expect(KEPT_DELTA_LIMITS).toEqual({ maxFiles: 4, maxBytes: 268_435_456 });
    const store = start();
    for (const byte of [1, 2, 3, 4]) leave(hex(byte), byte * MINUTE_MS);
    await keep(store, root(5));
    expect(readdirSync(kept()).sort()).toEqual([1, 2, 3, 5].map(hex));
  });

  it('go by the time they were kept at, not fetched', async () => {
    const store = start({ limits: { maxFiles: 2, maxBytes: 10_000 } });
    await fetched(store, root(1));
    utimesSync(kept(partialName(process.pid, 1)), 0, 0);
    leave(hex(2), MINUTE_MS);
    leave(hex(3), 2 * MINUTE_MS);
    await (await store.keep(root(1)))?.close();
    expect(readdirSync(kept()).sort()).toEqual([hex(1), hex(2)]);
  });

  it('of a clock that was put back are the first to go', async () => {
    leave(hex(1), -DAY_MS);
    leave(hex(2), MINUTE_MS);
    await keep(start({ limits: { maxFiles: 2, maxBytes: 10_000 } }), root(3));
    expect(readdirSync(kept()).sort()).toEqual([hex(2), hex(3)]);
  });

  it('are all that is counted: what has another name stays', async () => {
    leave('notes.txt', DAY_MS);
    mkdirSync(kept(hex(9)));
    await keep(start({ limits: { maxFiles: 1, maxBytes: 1000 } }), root(1));
    expect(readdirSync(kept()).sort()).toEqual([hex(1), hex(9), 'notes.txt'].sort());
  });

  it('are cut to the limits by the first look, too', async () => {
    for (const byte of [1, 2, 3, 4, 5, 6]) leave(hex(byte), byte * MINUTE_MS);
    await start().open(root(9), 1000);
    expect(readdirSync(kept()).sort()).toEqual([1, 2, 3, 4].map(hex));
  });

  it('stay within the limits when many are kept at once, without an error', async () => {
    const stores = Array.from({ length: 12 }, () => start());
    const results = await Promise.all(stores.map((store, index) => keep(store, root(index + 1))));
    expect(results).toEqual(stores.map(() => BYTES));
    expect(readdirSync(kept())).toHaveLength(4);
    expect(errors).toEqual([]);
  });
});

describe('deltas that are there in part', () => {
  it('of an ended process are gone on with', async () => {
    leave(partialName(DEAD, 1), 0);
    const partial = await start().partial(root(1), 1000);
    expect(partial.isNew).toBe(false);
    expect(await partial.read(0, 1000)).toEqual(BYTES);
    await partial.discard();
    expect(readdirSync(kept())).toEqual([]);
  });

  it('of a living process are left to it, and kept by it', async () => {
    leave(partialName(process.ppid, 1), 0);
    const store = start();
    expect(await store.keep(root(1))).toBeUndefined();
    await keep(store, root(1));
    expect(readdirSync(kept()).sort()).toEqual([partialName(process.ppid, 1), hex(1)]);
  });

  it.each([
    ['the first look', (store: DeltaStore) => store.open(root(9), 1000)],
    ['the next download', (store: DeltaStore) => keep(store, root(9))],
  ])('and forgotten for a day are removed by %s', async (_name, look) => {
    leave(partialName(DEAD, 1), DAY_MS + MINUTE_MS);
    leave(partialName(process.ppid, 2, 'ffffffff'), DAY_MS + MINUTE_MS);
    leave(partialName(DEAD, 3), MINUTE_MS);
    await look(start());
    expect(readdirSync(kept()).filter((name) => name !== hex(9))).toEqual([partialName(DEAD, 3)]);
  });
});

describe('a place that cannot be used', () => {
  it('is reported once it is needed: a file in its way', async () => {
    mkdirSync(folder.join('cache'));
    writeFileSync(kept(), '');
    const store = start();
    expect(await store.open(root(1), 1000)).toBeUndefined();
    expect(await store.keep(root(1))).toBeUndefined();
    expect(errors).toEqual([]);
    await expect(store.partial(root(1), 1000)).rejects.toEqual(failure('MEMORY_UNUSABLE'));
  });

  it('MEMORY_UNUSABLE: a kept file became shorter while it is read', async () => {
    const store = start();
    await keep(store, root(1));
    const delta = await store.open(root(1), 1000);
    writeFileSync(kept(hex(1)), '');
    await expect(delta?.readAt(0, 1000)).rejects.toEqual(failure('MEMORY_UNUSABLE'));
    await expect(delta?.readAt(0, 1001)).rejects.toBeInstanceOf(RangeError);
    await delta?.close();
  });

  it('a delta that takes the place of a folder serves its update and is removed', async () => {
    mkdirSync(kept(hex(1), 'x'), { recursive: true });
    expect(await keep(start(), root(1))).toEqual(BYTES);
    expect(errors).toEqual([failure('MEMORY_UNUSABLE')]);
    expect(readdirSync(kept())).toEqual([hex(1)]);
  });

  describe.skipIf(!canMount())('on a file system of its own', () => {
    const withMount = async (work: (store: DeltaStore) => Promise<void>): Promise<void> => {
      mkdirSync(folder.join('cache'));
      mount(folder.join('cache'), '2m');
      try {
        await work(start());
      } finally {
        unmount(folder.join('cache'));
      }
    };

    it('MEMORY_UNUSABLE: there is no room, and the program is not what is spoken of', async () => {
      await withMount(async (store) => {
        await expect(store.partial(root(1), 4_000_000)).rejects.toEqual(failure('MEMORY_UNUSABLE'));
        expect(readdirSync(kept())).toEqual([]);
      });
    });

    it('became read-only: the delta serves its update, and the owner is told', async () => {
      await withMount(async (store) => {
        await fetched(store, root(1));
        makeReadOnly(folder.join('cache'));
        expect(await content(await store.keep(root(1)))).toEqual(BYTES);
        expect(errors.map(({ code }) => code)).toContain('MEMORY_UNUSABLE');
        expect(existsSync(kept(hex(1)))).toBe(false);
      });
    });
  });
});
