/**
 * Updates by statement of real executables: by delta, by chunks, from a mirror where UDP is blocked, and after a kill. What
 * crosses the wire is a small part of the program.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exportMirror } from '../../src/tools/mirror/export-mirror.ts';
import type { RunningHost } from '../fixtures/running-host.ts';
import { useWebServers, type WebServer } from '../support/web-servers.ts';
import { programFolder } from './support/program-folder.ts';
import { PUBLIC_KEY, signedHost, signStated, tinyRelease, unsignedChangedHost } from './support/releases.ts';
import { openScene, type Scene } from './support/scene.ts';
import { errorsOf, expectRelease, reached, startCopyIn, ways } from './support/stated-copies.ts';
import { staticFolder } from './support/static-folder.ts';

const NODE = process.execPath;
/** Nobody answers there, as where UDP is blocked. */
const NO_DHT = '127.0.0.1:9';
const servers = useWebServers();
let scene: Scene;

beforeEach(async () => {
  scene = await openScene();
});
afterEach(async () => {
  await scene.end();
});

describe('a release with a few lines changed', () => {
  it('reaches three copies as a delta, and a fourth one from them when its owner is gone', async () => {
    const old = await signedHost('1.0.0', NODE);
    const release = await changedRelease({ previous: [old] });
    const copies = await Promise.all(['a', 'b', 'c'].map((name) => startCopy(name, old)));
    const origin = scene.start({ path: release, env: { APP_MODE: 'on-restart' } });
    for (const copy of copies) await expectUpdated(copy, release, { way: 'delta', atMostBytes: 16_384 });
    await origin.stop();
    const late = await startCopy('late', old);
    await expectUpdated(late, release, { way: 'delta', atMostBytes: 16_384 });
  });

  it('reaches a copy as the chunks that changed where its owner made no delta', async () => {
    const old = await signedHost('1.0.0', NODE);
    const release = await changedRelease();
    const copy = await startCopy('a', old);
    await scene.seedFile(release);
    await expectUpdated(copy, release, { way: 'chunks', atMostBytes: 1_000_000 });
  });
});

describe('where UDP is blocked, a mirror is enough:', () => {
  it('the statement, the delta and the stamp come from it', async () => {
    const { mirror, release, old } = await exported();
    const copy = await startCopy('a', old, { APP_DHT: NO_DHT, APP_MIRROR: mirror.url });
    await expectUpdated(copy, release, { way: 'delta', atMostBytes: 16_384 });
    await expectOnlyDhtTrouble(copy);
  });

  it('through the HTTP proxy that the environment names', async () => {
    const { mirror, release, old } = await exported();
    const proxy = await servers.proxy();
    const env = { APP_DHT: NO_DHT, APP_MIRROR: mirror.url, HTTP_PROXY: proxy.url };
    const copy = await startCopy('a', old, env);
    await expectUpdated(copy, release, { way: 'delta', atMostBytes: 16_384 });
    await expectOnlyDhtTrouble(copy);
    expect(proxy.requests.length).toBeGreaterThan(3);
    expect(proxy.requests).toEqual(mirror.requests.map((line) => line.replace(' ', ` ${mirror.url}`)));
  });
});

describe('a copy that is ended in the middle of a download', () => {
  it('goes on where it was, however it ended', async () => {
    const path = await scene.place(await signedHost('1.0.0', NODE), 'home/app');
    const release = tinyRelease('1.1.0', { sizeBytes: 120_000_000, isRandom: true });
    await scene.seed(release);
    const env = { APP_PREFLIGHT: 'off' }; // a tiny release cannot answer
    let heldBytes = 0;
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const copy = scene.start({ path, env });
      await copy.hears('start', { version: '1.0.0' });
      const before = heldBytes;
      heldBytes = await reached(copy, before + 20_000_000);
      copy.kill(signal);
      expect(await copy.ended).toEqual({ code: null, signal });
      expect(copy.said.filter(({ event }) => event === 'accepted')).toEqual([]);
    }
    const copy = scene.start({ path, env });
    await copy.hears('start', { version: '1.1.0' });
    const { totalBytes } = await copy.hears('accepted');
    // All chunks under way at each kill are fetched again, and no other.
    expect(totalBytes).toBeLessThan(release.file.length - heldBytes + 10_000_000);
    expect((await readFile(path)).equals(release.file)).toBe(true);
    expect(await programFolder(dirname(path))).toEqual(['app']);
  });
});

/** Path of 1.1.0, signed, with its deltas beside it. */
async function changedRelease(options: { readonly previous?: readonly string[] } = {}): Promise<string> {
  const path = await scene.place(await unsignedChangedHost('1.1.0', NODE), 'owner/app');
  await signStated(path, '1.1.0', options);
  return path;
}

function startCopy(name: string, program: string, env: Readonly<Record<string, string>> = {}): Promise<RunningHost> {
  return startCopyIn(scene, { program, name, env });
}

interface Wanted {
  readonly way: 'delta' | 'chunks';
  readonly atMostBytes: number;
}

/** The first way was the right one, it was cheap, and the program is the release byte for byte. */
async function expectUpdated(copy: RunningHost, release: string, { way, atMostBytes }: Wanted): Promise<void> {
  await expectRelease(copy, await readFile(release));
  expect(copy.said).toContainEqual(expect.objectContaining({ event: 'start', version: '1.1.0', state: 'running' }));
  expect(ways(copy)).toEqual([way]);
  const { totalBytes } = await copy.hears('accepted', { version: '1.1.0' });
  expect(totalBytes).toBeGreaterThan(1000);
  expect(totalBytes).toBeLessThan(atMostBytes);
  if (way === 'chunks') expect(errorsOf(copy)).toEqual([]);
}

async function expectOnlyDhtTrouble(copy: RunningHost): Promise<void> {
  await copy.hears('error', { code: 'DHT_UNREACHABLE' });
  expect(errorsOf(copy).filter(({ code }) => code !== 'DHT_UNREACHABLE')).toEqual([]);
}

interface Exported {
  readonly mirror: WebServer;
  readonly release: string;
  readonly old: string;
}

/** A folder of `peerpatch export`, on a server that knows files and nothing else. */
async function exported(): Promise<Exported> {
  const old = await signedHost('1.0.0', NODE);
  const release = await changedRelease({ previous: [old] });
  const outFolder = join(scene.folder, 'mirror');
  await exportMirror({ programs: [release], publicKey: PUBLIC_KEY, outFolder, quality: 1 });
  return { mirror: await servers.serve(staticFolder(outFolder)), release, old };
}
