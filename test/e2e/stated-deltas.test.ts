/**
 * Updates of a real executable by a delta that does not work out, and by one that is interrupted: over the real transport, over
 * HTTP, and with kills. Deltas that do work out are in stated-update.test.ts.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { watch } from 'node:fs';
import { appendFile, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { MAX_CHUNK_BYTES } from '../../src/core/base/limits.ts';
import type { SignedStatement } from '../../src/core/statement/statement.ts';
import { mirrorPaths } from '../../src/io/mirror/mirror-path.ts';
import type { StatedSample } from '../../src/testing/sample-program.ts';
import { exportMirror } from '../../src/tools/mirror/export-mirror.ts';
import type { RunningHost } from '../fixtures/running-host.ts';
import { contentOf, type ContentSample } from '../support/content-samples.ts';
import { blockOf, plainDelta } from '../support/delta-samples.ts';
import { frameOf, sends } from '../support/liars.ts';
import { useWebServers, type WebServer } from '../support/web-servers.ts';
import { exportedFolder, placeRelease } from './support/mirror-folder.ts';
import {
  copyProgram,
  OWNER,
  PUBLIC_KEY,
  signedHost,
  signStated,
  statementIn,
  tinyRelease,
  unsignedChangedHost,
} from './support/releases.ts';
import { openScene, type Scene } from './support/scene.ts';
import {
  blames,
  errorsOf,
  expectRelease,
  expectRuns,
  reached,
  startAgain,
  startCopyIn,
  ways,
} from './support/stated-copies.ts';
import { staticFolder } from './support/static-folder.ts';

const NODE = process.execPath;
const SIZE_BYTES = 8_000_000;
/** Two chunks, and short enough beside the program to be taken before anything else. */
const DELTA_BYTES = MAX_CHUNK_BYTES + 20_000;
/** So much of the new program is there when a copy is killed. */
const WRITTEN_BYTES = 5_000_000;
/** An object as it is, which has not the hash that was asked for. */
const WRONG = concatBytes(Uint8Array.of(0), new Uint8Array(1000).fill(7));
const nothing = (): Promise<undefined> => Promise.resolve(undefined);
const paths = mirrorPaths(OWNER.publicKey);

const servers = useWebServers();
let old: string;
let base: SignedStatement;
let scene: Scene;

beforeAll(async () => {
  old = await signedHost('1.0.0', NODE);
  base = await statementIn(old);
});
beforeEach(async () => {
  scene = await openScene();
});
afterEach(async () => {
  await scene.end();
});

describe('a release with a delta', () => {
  it('is fetched in chunks when all who have the delta give wrong bytes for it, and only they are named', async () => {
    const delta = randomBytes(DELTA_BYTES);
    const release = releaseWith(delta);
    const folder = await exportedFolder(scene, release, delta);
    const { manifest } = contentOf(delta, 'delta');
    await writeFile(join(folder, paths.object(manifest.hashAt(1))), WRONG);
    const mirror = await servers.serve(staticFolder(folder));
    const liar = await scene.liar({
      release,
      deltas: [delta],
      misbehave: (honest) => ({
        object: (kind, hash) => (kind === 'chunk' ? Promise.resolve(WRONG) : honest.object(kind, hash)),
      }),
    });
    // Has the program, and beside it a file that is not the delta it is called.
    await scene.seedFile(await placeRelease(scene, release, randomBytes(DELTA_BYTES)));
    await expect.poll(() => scene.announced(release), { timeout: 30_000 }).toHaveLength(2);
    const copy = await startCopy({ APP_MIRROR: mirror.url });
    await expectRelease(copy, release.file);
    expect(ways(copy)).toEqual(['delta', 'chunks']);
    expect(blames(copy)).toEqual({
      [liar.name]: ['PEER_MISBEHAVED'],
      [`mirror ${mirror.url}/`]: ['PEER_MISBEHAVED'],
    });
  });

  it('is fetched in chunks when nobody has the delta, and nobody is blamed', async () => {
    const release = releaseWith(randomBytes(DELTA_BYTES));
    await scene.seed(release);
    const copy = await startCopy();
    await expectRelease(copy, release.file);
    expect(ways(copy)).toEqual(['delta', 'chunks']);
    expect(errorsOf(copy)).toEqual([]);
  });

  for (const [what, copies] of [
    ['copies from behind the end of the old program', [1_000_000, SIZE_BYTES - 1_000_000]],
    ['makes another program than the one that is stated', [SIZE_BYTES]],
  ] as const) {
    it(`is fetched in chunks when the delta that its owner signed ${what}, which is told and nobody's fault`, async () => {
      const sizes = { baseSizeBytes: base.sizeBytes, resultSizeBytes: SIZE_BYTES };
      const seeks = [0, base.sizeBytes].slice(0, copies.length);
      const delta = plainDelta(sizes, blockOf({ literalLengths: copies.map(() => 0), copyLengths: copies, seeks }));
      const release = releaseWith(delta);
      await scene.seedFile(await placeRelease(scene, release, delta));
      const copy = await startCopy();
      await expectRelease(copy, release.file);
      expect(ways(copy)).toEqual(['delta', 'chunks']);
      expect(errorsOf(copy).map(({ during, code }) => [during, code])).toEqual([['fetch', 'DELTA_MALFORMED']]);
      expect(blames(copy)).toEqual({});
    });
  }

  it('is fetched whole when neither delta nor chunks are to be had, and not from who lied about chunks', async () => {
    const release = releaseWith(randomBytes(DELTA_BYTES), { speaksV0: true });
    await scene.publish(release);
    let wholeAsked = 0;
    const liar = await scene.liar({
      release,
      misbehave: (honest) => ({
        object: (kind, hash) => (kind === 'chunk' ? Promise.resolve(WRONG) : honest.object(kind, hash)),
      }),
      whole: async (stream) => {
        wholeAsked++;
        await stream.finish();
      },
    });
    const honest = await scene.liar({
      release,
      misbehave: () => ({ object: nothing }),
      whole: sends(frameOf(release.release, release.file)),
    });
    await expect.poll(() => scene.announced(release), { timeout: 30_000 }).toEqual([liar.name, honest.name].sort());
    const copy = await startCopy();
    // The file that was begun in chunks is left: the next start of a program with an updater would remove it, a tiny one has none.
    await expectRuns(copy, release.file);
    expect(ways(copy)).toEqual(['delta', 'chunks', 'whole']);
    expect(blames(copy)).toEqual({ [liar.name]: ['PEER_MISBEHAVED'] });
    expect(wholeAsked).toBe(0);
  });
});

describe('a copy that is killed', () => {
  let owned: string;
  let release: string;
  let delta: ContentSample;
  beforeAll(async () => {
    owned = await realpath(await mkdtemp(join(tmpdir(), 'peerpatch-test-')));
    release = join(owned, 'app');
    await copyProgram(await unsignedChangedHost('1.1.0', NODE), release);
    await appendFile(release, randomBytes(12 * MAX_CHUNK_BYTES));
    await signStated(release, '1.1.0', { previous: [old] });
    const [name = ''] = await readdir(`${release}.deltas`);
    delta = contentOf(await readFile(join(`${release}.deltas`, name)), 'delta');
    await exportMirror({ programs: [release], publicKey: PUBLIC_KEY, outFolder: join(owned, 'mirror'), quality: 1 });
  });
  afterAll(async () => {
    await rm(owned, { recursive: true, force: true });
  });

  it('while it fetches a delta does not fetch again what it had of it', async () => {
    const given = 5;
    const { mirror, asked, letGo } = await haltsBehind(given);
    const env = { APP_MIRROR: mirror.url };
    const killed = await startCopyIn(scene, { program: old, env });
    await reached(killed, given * MAX_CHUNK_BYTES);
    killed.kill('SIGKILL');
    await killed.ended;
    const before = asked().slice(0, given);
    expect(killed.said.filter(({ event }) => event === 'accepted')).toEqual([]);
    const atKill = asked().length;
    letGo();
    const copy = await startAgain(scene, killed.path, env);
    await expectRelease(copy, await readFile(release));
    expect([...ways(killed), ...ways(copy)]).toEqual(['delta', 'delta']);
    const all = Array.from({ length: delta.manifest.count }, (_, index) => pathOf(delta.manifest.hashAt(index)));
    expect(asked().slice(atKill).sort()).toEqual(all.filter((path) => !before.includes(path)).sort());
  });

  it('while it applies a delta does not fetch it again', async () => {
    const mirror = await servers.serve(staticFolder(join(owned, 'mirror')));
    const env = { APP_MIRROR: mirror.url };
    const killed = await killedWhenWriting(env);
    const atKill = mirror.requests.length;
    const copy = await startAgain(scene, killed.path, env);
    await expectRelease(copy, await readFile(release));
    expect([...ways(killed), ...ways(copy)]).toEqual(['delta', 'delta']);
    expect(mirror.requests.slice(0, atKill).filter((request) => request.includes('/objects/'))).not.toEqual([]);
    expect(mirror.requests.slice(atKill).filter((request) => request.includes('/objects/'))).toEqual([]);
  });

  interface Halting {
    readonly mirror: WebServer;
    /** Paths of the delta's chunks that it was asked for, in order. */
    readonly asked: () => string[];
    readonly letGo: () => void;
  }

  /** A mirror that gives so many chunks of the delta, and no answer to who asks for more. */
  async function haltsBehind(chunks: number): Promise<Halting> {
    const names = new Set(
      Array.from({ length: delta.manifest.count }, (_, index) => pathOf(delta.manifest.hashAt(index))),
    );
    const folder = staticFolder(join(owned, 'mirror'));
    let left = chunks;
    const mirror = await servers.serve((request, response) => {
      if (!names.has(request.url ?? '') || left-- > 0) folder(request, response);
    });
    return {
      mirror,
      asked: () => mirror.requests.map((request) => request.slice('GET '.length)).filter((path) => names.has(path)),
      letGo: () => {
        left = Infinity;
      },
    };
  }
});

/** A copy that was killed in the middle of writing the new program beside the old one. */
async function killedWhenWriting(env: Readonly<Record<string, string>>, attempt = 1): Promise<RunningHost> {
  const copy = await startCopyIn(scene, { program: old, name: `home-${String(attempt)}`, env });
  const folder = dirname(copy.path);
  const stop = new AbortController();
  watch(folder, { signal: stop.signal }, (_event, name) => {
    if (name === null || !/^\.app\.\d+-.*\.peerpatch$/.test(name)) return;
    void stat(join(folder, name)).then(
      ({ blocks }) => {
        if (blocks * 512 >= WRITTEN_BYTES) copy.kill('SIGKILL');
      },
      () => undefined, // renamed meanwhile
    );
  });
  await Promise.race([copy.ended, copy.hears('accepted')]);
  stop.abort();
  copy.kill('SIGKILL');
  await copy.ended;
  // Too late, where nobody gave this process time for most of a second.
  if (copy.said.some(({ event }) => event === 'accepted') && attempt < 5) return killedWhenWriting(env, attempt + 1);
  expect(copy.said.filter(({ event }) => event === 'accepted')).toEqual([]);
  return copy;
}

/** A small 1.1.0 that lists this delta from 1.0.0. */
function releaseWith(delta: Uint8Array, statement: { readonly speaksV0?: boolean } = {}): StatedSample {
  const { root } = contentOf(delta, 'delta').manifest;
  const deltas = [{ fromRoot: base.root, sizeBytes: delta.length, root }];
  return tinyRelease('1.1.0', { sizeBytes: SIZE_BYTES, isRandom: true, stated: { ...statement, deltas } });
}

/** Of an object on a mirror. */
function pathOf(hash: Uint8Array): string {
  return `/${paths.object(hash)}`;
}

function startCopy(env: Readonly<Record<string, string>> = {}): Promise<RunningHost> {
  // Tiny releases say nothing when they are tried out.
  return startCopyIn(scene, { program: old, env: { APP_PREFLIGHT: 'off', ...env } });
}
