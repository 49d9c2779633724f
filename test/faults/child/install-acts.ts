/**
 * Acts that put a program in place.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { versionOf } from '../../../src/agent/known-release.ts';
import { readRelease } from '../../../src/agent/read-release.ts';
import { releaseIdOf, type ReleaseName } from '../../../src/core/install/release-id.ts';
import { acceptRelease, type AcceptedRelease } from '../../../src/core/release/accept.ts';
import { openProgram } from '../../../src/io/files/open-program.ts';
import { programStore } from '../../../src/io/install/program-file.ts';
import { runPreflight } from '../../../src/io/process/preflight.ts';
import type { InstallLock, ProgramStore } from '../../../src/ports/program.ts';
import { OWNER } from '../support/owner.ts';
import type { ActScene } from './acts.ts';
import { start } from './start-acts.ts';

/** Several writes for a program: a stop may come between them. */
const PIECES = 3;
const PREFLIGHT_MS = 10_000;
const LATER_MS = 31_000;

interface NewRelease {
  readonly bytes: Uint8Array;
  readonly release: AcceptedRelease;
  readonly name: ReleaseName;
}

export async function update(scene: ActScene, name: string): Promise<void> {
  const { programPath, programs } = scene;
  const { bytes, release, name: to } = await readNew(programs, name);
  await locked(scene, async (store) => {
    const from = await nameOf(programPath);
    const staged = await store.stage(bytes.length);
    try {
      for (const piece of cut(bytes)) await staged.write(piece.bytes);
      await staged.install(release, { to, from });
    } catch (error) {
      await staged.discard();
      throw error;
    }
  });
}

export async function collect(scene: ActScene): Promise<void> {
  const { programPath, programs } = scene;
  const { bytes, release, name: to } = await readNew(programs, 'new');
  await locked(scene, async (store) => {
    const from = await nameOf(programPath);
    const partial = await store.resume('0a1b2c', bytes.length);
    try {
      for (const { offset, bytes: piece } of cut(bytes).toReversed()) {
        const there = await partial.read(offset, piece.length);
        if (Buffer.compare(there, piece) !== 0) await partial.write(offset, piece);
      }
      await partial.install(release, { to, from });
    } catch (error) {
      await partial.discard();
      throw error;
    }
  });
}

export async function installAndStart(scene: ActScene): Promise<void> {
  await start(scene);
  await update(scene, 'new');
  await start(scene);
}

export async function takeLock({ programPath }: ActScene): Promise<void> {
  await (await lockOf(programStore(programPath), false)).release();
}

async function locked({ programPath, mayWait }: ActScene, work: (store: ProgramStore) => Promise<void>): Promise<void> {
  const store = programStore(programPath, {
    preflight: ({ path, to, signal }) => runPreflight({ path, release: to, timeoutMs: PREFLIGHT_MS, signal }),
  });
  await store.checkInstall({ sizeBytes: 0 });
  const lock = await lockOf(store, mayWait);
  try {
    await work(store);
  } finally {
    await lock.release();
  }
}

async function lockOf(store: ProgramStore, mayWait: boolean): Promise<InstallLock> {
  const lock = (await store.lock()) ?? (mayWait ? await withLaterClock(() => store.lock()) : undefined);
  if (lock === undefined) throw new Error('somebody else has the lock');
  return lock;
}

/** As if so much time had gone by: longer than the silence after which a ticket counts as dead. */
async function withLaterClock<T>(work: () => Promise<T>): Promise<T> {
  const now = performance.now.bind(performance);
  performance.now = () => now() + LATER_MS;
  try {
    return await work();
  } finally {
    performance.now = now;
  }
}

/** What stands in a program file, verified. */
export async function nameOf(path: string): Promise<ReleaseName> {
  return (await read(path)).name;
}

async function readNew(programs: string, name: string): Promise<NewRelease> {
  const path = join(programs, name);
  return { bytes: new Uint8Array(readFileSync(path)), ...(await read(path)) };
}

async function read(path: string): Promise<Omit<NewRelease, 'bytes'>> {
  const program = await openProgram(path);
  try {
    const { release, statement, measured } = await readRelease(program, OWNER.publicKey);
    const name = { version: versionOf({ release, statement }), id: releaseIdOf({ release, statement }) };
    return { release: acceptRelease(release, measured, { above: undefined }), name };
  } finally {
    await program.close();
  }
}

function cut(bytes: Uint8Array): { readonly offset: number; readonly bytes: Uint8Array }[] {
  const length = Math.ceil(bytes.length / PIECES);
  return Array.from({ length: PIECES }, (_, piece) => ({
    offset: piece * length,
    bytes: bytes.subarray(piece * length, (piece + 1) * length),
  }));
}
