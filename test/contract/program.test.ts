/**
 * What every implementation of the ProgramStore port does: the one in memory, a file that is replaced, and one that is made.
 *
 * @module
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { measureProgram } from '../../src/agent/read-release.ts';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { toHex } from '../../src/core/base/hex.ts';
import type { ReleaseName } from '../../src/core/install/release-id.ts';
import type { RolledBack } from '../../src/core/install/rolled-back.ts';
import { acceptRelease, type AcceptedRelease } from '../../src/core/release/accept.ts';
import { newProgramStore, programStore } from '../../src/io/install/program-file.ts';
import { rollBack as rollBackFile } from '../../src/io/install/roll-back.ts';
import type { OpenProgram, ProgramStore } from '../../src/ports/program.ts';
import { MemoryProgram } from '../../src/testing/memory-program.ts';
import { sampleProgram, signSample } from '../../src/testing/sample-program.ts';
import { failure, measureFile, OWNER } from '../support/stamp-samples.ts';
import { useTempFolder } from '../support/temp-folder.ts';

const OLD = signSample(sampleProgram({ version: '1.0.0', sizeBytes: 1_300_000 }), OWNER).file;
const { file: NEW, release } = signSample(sampleProgram({ version: '1.1.0', sizeBytes: 900_000, seed: 1 }), OWNER);
const ACCEPTED: AcceptedRelease = acceptRelease(release, measureFile(NEW), { above: undefined });

interface Place {
  readonly store: ProgramStore;
  /** What is staged and neither installed nor discarded. */
  readonly staged: () => number;
  /** Takes the last update back. */
  readonly rollBack?: (back: RolledBack) => Promise<void>;
}

const folder = useTempFolder();
const memory = (content?: Uint8Array): Place => {
  const store = new MemoryProgram(content);
  const rollBack = async (back: RolledBack): Promise<void> => {
    await Promise.resolve();
    store.rolledBack = back;
  };
  return { store, staged: () => store.staged, rollBack };
};
const path = (): string => folder.join('app');
/** The install folder stays. */
const stagedFiles = (): number =>
  readdirSync(folder.path).filter((name) => name !== '.app.peerpatch').length - Number(existsSync(path()));

/** Stores with a program in them, which is replaced. */
const full: [name: string, open: () => Place][] = [
  ['memory', () => memory(OLD)],
  [
    'file',
    () => {
      writeFileSync(path(), OLD, { mode: 0o755 });
      const rollBack = async ({ reason }: RolledBack): Promise<void> => {
        await rollBackFile({ programPath: path(), reason, nowMs: 1, env: { XDG_STATE_HOME: folder.join('state') } });
      };
      return { store: programStore(path()), staged: stagedFiles, rollBack };
    },
  ],
];
/** Stores without one, which is made. */
const empty: [name: string, open: () => Place][] = [
  ['memory', () => memory()],
  ['new file', () => ({ store: newProgramStore(path()), staged: stagedFiles })],
];

async function readAll(program: OpenProgram, from?: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of program.read(from)) pieces.push(piece.slice());
  return concatBytes(...pieces);
}

/** What the store has now. */
async function content(store: ProgramStore): Promise<Uint8Array> {
  const program = await store.open();
  try {
    return await readAll(program);
  } finally {
    await program.close();
  }
}

const nameOf = (version: string): ReleaseName => ({ version, id: toHex(new TextEncoder().encode(version.padEnd(32))) });

/** Writes in pieces of changing length, from one buffer that is used again. */
async function stageNew(store: ProgramStore, bytes = NEW, sizeBytes = bytes.length) {
  const staged = await store.stage(sizeBytes);
  const buffer = new Uint8Array(200_000);
  for (let at = 0, length = 1; at < bytes.length; at += length, length = Math.min(length * 7, buffer.length)) {
    const piece = bytes.subarray(at, at + length);
    buffer.set(piece);
    await staged.write(buffer.subarray(0, piece.length));
  }
  return staged;
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

describe.each([...full, ...empty])('program store: %s', (_name, openPlace) => {
  let place: Place | undefined;
  afterEach(() => {
    expect(place?.staged()).toBe(0);
  });
  const start = (): ProgramStore => (place = openPlace()).store;

  it('says that a program could be put in place, and leaves nothing of asking', async () => {
    const store = start();
    await store.checkInstall({ sizeBytes: NEW.length });
    expect(place?.staged()).toBe(0);
  });

  it('holds what was installed, byte for byte', async () => {
    const store = start();
    const staged = await stageNew(store);
    expect(place?.staged()).toBe(1);
    await staged.install(ACCEPTED);
    expect(same(await content(store), NEW)).toBe(true);
  });

  it('INSTALL_FAILED: less was written than promised', async () => {
    const store = start();
    const staged = await stageNew(store, NEW.subarray(0, -1), NEW.length);
    await expect(staged.install(ACCEPTED)).rejects.toEqual(failure('INSTALL_FAILED'));
    await staged.discard();
  });

  it('INSTALL_FAILED: more was written than promised', async () => {
    const store = start();
    const staged = await stageNew(store, NEW, NEW.length - 1);
    await expect(staged.install(ACCEPTED)).rejects.toEqual(failure('INSTALL_FAILED'));
    await staged.discard();
  });

  it('discards in the middle, twice, and before anything was written', async () => {
    const store = start();
    const staged = await stageNew(store, NEW.subarray(0, 1000), NEW.length);
    await staged.discard();
    await staged.discard();
    await (await store.stage(5)).discard();
  });

  it('discarding what was installed changes nothing', async () => {
    const store = start();
    const staged = await stageNew(store);
    await staged.install(ACCEPTED);
    await staged.discard();
    expect(same(await content(store), NEW)).toBe(true);
  });
});

describe.each(full)('program store with a program: %s', (_name, openPlace) => {
  it('gives the right to install to one at a time', async () => {
    const { store } = openPlace();
    const lock = await store.lock();
    expect(lock).toBeDefined();
    expect(await store.lock()).toBeUndefined();
    await lock?.release();
    await lock?.release();
    const next = await store.lock();
    expect(next).toBeDefined();
    await next?.release();
  });

  it('takes an update that is named, and the next one over it', async () => {
    const { store } = openPlace();
    const [from, to, next] = [nameOf('1.0.0'), nameOf('1.1.0'), nameOf('1.2.0')];
    await (await stageNew(store)).install(ACCEPTED, { from, to });
    await (await stageNew(store)).install(ACCEPTED, { from: to, to: next });
    expect(same(await content(store), NEW)).toBe(true);
  });

  it('knows the roll back that put a release in place, until the next update', async () => {
    const { store, rollBack } = openPlace();
    const [from, to, next] = [nameOf('1.0.0'), nameOf('1.1.0'), nameOf('1.2.0')];
    await (await stageNew(store)).install(ACCEPTED, { from, to });
    for (const name of [from, to]) expect(await store.rollBackTo(name)).toBeUndefined();
    const back = { from: to, to: from, reason: 'it hung' };
    await rollBack?.(back);
    expect(await store.rollBackTo(from)).toEqual(back);
    for (const name of [to, next]) expect(await store.rollBackTo(name)).toBeUndefined();
    await (await stageNew(store)).install(ACCEPTED, { from, to: next });
    for (const name of [from, to, next]) expect(await store.rollBackTo(name)).toBeUndefined();
  });

  it('reads whole and from any offset, in pieces that are only valid until the next one', async () => {
    const { store } = openPlace();
    const program = await store.open();
    try {
      expect(program.sizeBytes).toBe(OLD.length);
      for (const from of [undefined, 0, 1, 70_000, 1_299_999]) {
        expect(same(await readAll(program, from), OLD.subarray(from ?? 0))).toBe(true);
      }
      for (const from of [OLD.length, OLD.length + 1]) expect(await readAll(program, from)).toHaveLength(0);
    } finally {
      await program.close();
    }
  });

  it('reads a part into the memory it is given, and no further', async () => {
    const { store } = openPlace();
    const program = await store.open();
    try {
      const memory = new Uint8Array(5).fill(9);
      const read = await program.readAt(70_000, 3, memory);
      expect(same(read, OLD.subarray(70_000, 70_003))).toBe(true);
      expect(read.buffer).toBe(memory.buffer);
      expect([...memory.subarray(3)]).toEqual([9, 9]);
      await expect(program.readAt(0, 6, memory)).rejects.toBeInstanceOf(RangeError);
      expect(same(await program.readAt(1, 4), OLD.subarray(1, 5))).toBe(true);
    } finally {
      await program.close();
    }
  });

  it('is read by several at once, and by one that stops in the middle', async () => {
    const { store } = openPlace();
    const program = await store.open();
    try {
      const stopping = (async () => {
        for await (const piece of program.read()) return piece.length;
        return 0;
      })();
      const [first, second, length] = await Promise.all([readAll(program), readAll(program, 1000), stopping]);
      expect(same(first, OLD) && same(second, OLD.subarray(1000))).toBe(true);
      expect(length).toBeGreaterThan(0);
    } finally {
      await program.close();
      await program.close();
    }
  });

  it('keeps an opened program as it was while another one is installed', async () => {
    const { store, staged } = openPlace();
    const program = await store.open();
    try {
      await (await stageNew(store)).install(ACCEPTED);
      expect((await measureProgram(program)).fileBytes).toBe(OLD.length);
      expect(same(await readAll(program), OLD)).toBe(true);
    } finally {
      await program.close();
    }
    expect(same(await content(store), NEW)).toBe(true);
    expect(staged()).toBe(0);
  });

  it('shows by its identity whether another program was installed', async () => {
    const { store } = openPlace();
    const programs = [await store.open(), await store.open()];
    await (await stageNew(store)).install(ACCEPTED);
    programs.push(await store.open());
    const [first, second, third] = programs.map(({ identity }) => identity);
    expect(first).toBe(second);
    expect(third).not.toBe(first);
    await Promise.all(programs.map((program) => program.close()));
  });

  it('keeps the old program when the new one is discarded or cannot be installed', async () => {
    const { store, staged } = openPlace();
    await (await stageNew(store)).discard();
    const short = await stageNew(store, NEW.subarray(0, 10), NEW.length);
    await expect(short.install(ACCEPTED)).rejects.toEqual(failure('INSTALL_FAILED'));
    await short.discard();
    expect(same(await content(store), OLD)).toBe(true);
    expect(staged()).toBe(0);
  });
});

describe.each(empty)('program store without a program: %s', (_name, openPlace) => {
  it('PROGRAM_UNREADABLE: nothing there, also while one is being staged', async () => {
    const { store } = openPlace();
    await expect(store.open()).rejects.toEqual(failure('PROGRAM_UNREADABLE'));
    const staged = await stageNew(store);
    await expect(store.open()).rejects.toEqual(failure('PROGRAM_UNREADABLE'));
    await staged.discard();
    await expect(store.open()).rejects.toEqual(failure('PROGRAM_UNREADABLE'));
  });
});
