/**
 * Updates by statement of a real executable beside peers and mirrors that lie, stall or are gone, over the real transport.
 *
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { brotliCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { encodeReleaseRegion } from '../../src/core/release/region.ts';
import { RELEASE_BLOCK_BYTES } from '../../src/core/stamp/block.ts';
import { statementSalt } from '../../src/core/statement/statement.ts';
import type { StatedSample } from '../../src/testing/sample-program.ts';
import { exportMirror } from '../../src/tools/mirror/export-mirror.ts';
import type { RunningHost } from '../fixtures/running-host.ts';
import { startStatedLiar, type StatedLiar, type StatedLiarOptions } from '../support/liars.ts';
import { useWebServers } from '../support/web-servers.ts';
import { programFolder } from './support/program-folder.ts';
import { PUBLIC_KEY, signedHost, tinyRelease } from './support/releases.ts';
import { openScene, type Scene } from './support/scene.ts';
import { staticFolder } from './support/static-folder.ts';

const NODE = process.execPath;
const SIZE_BYTES = 8_000_000;
/** An object as it is, which has not the hash that was asked for. */
const WRONG = concatBytes(Uint8Array.of(0), new Uint8Array(1000).fill(7));
/** A few dozen bytes that are 64 MiB. */
const BOMB = concatBytes(Uint8Array.of(1), brotliCompressSync(new Uint8Array(64 * 1024 ** 2)));
const nothing = (): Promise<undefined> => Promise.resolve(undefined);

const servers = useWebServers();
let scene: Scene;
let liars: StatedLiar[] = [];

beforeEach(async () => {
  scene = await openScene();
});
afterEach(async () => {
  await Promise.all(liars.map((liar) => liar.close()));
  liars = [];
  await scene.end();
});

describe('a copy with none but liars around', () => {
  it('names each of them, keeps what was right, and is updated as soon as one honest peer is there', async () => {
    const release = tinyRelease('1.1.0', { sizeBytes: SIZE_BYTES, isRandom: true });
    await publish(release);
    let tellPageAsked: () => void = () => undefined;
    const pageAsked = new Promise<void>((resolve) => (tellPageAsked = resolve));
    const wrongPages = await liar(release, () => ({
      stamp: nothing,
      object: (kind) => {
        if (kind === 'page') tellPageAsked();
        return Promise.resolve(kind === 'page' ? WRONG : undefined);
      },
    }));
    const wrongChunks = await liar(release, () => ({
      stamp: nothing,
      object: (kind) => Promise.resolve(kind === 'chunk' ? WRONG : undefined),
    }));
    const bomb = await liar(release, () => ({
      stamp: nothing,
      object: (kind) => Promise.resolve(kind === 'chunk' ? BOMB : undefined),
    }));
    let given = 0;
    const turnsBad = await liar(release, (honest) => ({
      stamp: nothing,
      object: async (kind, hash) => {
        if (kind === 'page') await pageAsked;
        return kind === 'chunk' && ++given > 100 ? WRONG : honest.object(kind, hash);
      },
    }));
    await liar(release, () => ({ object: nothing })); // without a stamp nothing would be fetched
    const stalled = await stallsBehind(release, Uint8Array.of(1)); // found, it says

    const copy = await startCopy();
    for (const { name } of [wrongPages, wrongChunks, bomb, turnsBad]) await blamed(copy, name, 'PEER_MISBEHAVED');
    await blamed(copy, stalled.name, 'PEER_TIMEOUT');
    await copy.hears('error', { code: 'CONTENT_NOT_FOUND' });
    await scene.seed(release);
    await expectUpdated(copy, release);
    // A hundred chunks of about 37 KB came before.
    const { totalBytes } = await copy.hears('accepted', { version: '1.1.0' });
    expect(totalBytes).toBeLessThan(SIZE_BYTES - 2_000_000);
  });
});

describe('a copy that is given the stamp of another file first', () => {
  it('names who sent it, and takes the next one', async () => {
    const release = tinyRelease('1.1.0', { sizeBytes: SIZE_BYTES, isRandom: true });
    await publish(release);
    let tellGiven: () => void = () => undefined;
    const isGiven = new Promise<void>((resolve) => (tellGiven = resolve));
    const wrongStamp = await liar(release, (honest) => ({
      stamp: async (id) => {
        const stamp = await honest.stamp(id);
        stamp?.set(encodeReleaseRegion(tinyRelease('1.1.0').release), RELEASE_BLOCK_BYTES);
        tellGiven();
        return stamp;
      },
      object: nothing,
    }));
    // The honest one waits for that: whichever is asked first, the wrong stamp is the first answer. No longer, because what is asked
    // behind it would wait as well.
    await liar(release, (honest) => ({
      stamp: async (id) => {
        await isGiven;
        await delay(500);
        return honest.stamp(id);
      },
    }));
    // Both stand in the slot by now: the first look must find both.
    const copy = await startCopy();
    await blamed(copy, wrongStamp.name, 'RELEASE_MISMATCH');
    await expectUpdated(copy, release);
  });
});

describe('a copy beside a mirror that lies', () => {
  it('names it once, and finds the release at an honest one', async () => {
    const release = tinyRelease('1.1.0');
    const captive = await servers.serve((_request, response) => {
      response.end('<!doctype html><title>please log in</title>'.padEnd(200));
    });
    const copy = await startCopy({ APP_MIRROR: captive.url });
    await blamed(copy, `mirror ${captive.url}/`, 'STATEMENT_BAD_SIGNATURE');
    const asked = captive.requests.length;
    await publish(release);
    await scene.seed(release);
    await expectUpdated(copy, release);
    expect(captive.requests.length).toBe(asked);
  });
});

describe('a copy that finds no peer but one that is gone', () => {
  it('goes on to the DHT and a mirror within seconds', async () => {
    const release = tinyRelease('1.1.0');
    await publish(release);
    const program = join(scene.folder, 'release');
    await writeFile(program, release.file);
    const outFolder = join(scene.folder, 'mirror');
    await exportMirror({ programs: [program], publicKey: PUBLIC_KEY, outFolder });
    const mirror = await servers.serve(staticFolder(outFolder));
    const gone = await liar(release, () => ({}));
    await gone.close();
    const copy = await startCopy({ APP_MIRROR: mirror.url });
    const startedAt = performance.now();
    await copy.hears('found', { version: '1.1.0' });
    expect(performance.now() - startedAt).toBeLessThan(10_000); // a connection takes 15 s to fail
    await expectUpdated(copy, release);
    const told = copy.said.filter(({ event, message }) => event === 'error' && String(message).startsWith(gone.name));
    expect(told.length).toBeLessThan(2);
  });
});

async function liar(
  release: StatedSample,
  misbehave: NonNullable<StatedLiarOptions['misbehave']>,
): Promise<StatedLiar> {
  const made = await startStatedLiar({ dht: scene.dht, release, misbehave });
  liars.push(made);
  return made;
}

/** Sends these bytes, and nothing ever after. */
async function stallsBehind(release: StatedSample, bytes: Uint8Array): Promise<StatedLiar> {
  const made = await startStatedLiar({ dht: scene.dht, release, answer: (stream) => stream.write(bytes) });
  liars.push(made);
  return made;
}

/** Puts the statement where everybody looks. */
async function publish({ statement }: StatedSample): Promise<void> {
  const [client] = scene.dht.nodes;
  const nodes = (await client?.getSigned({ publicKey: statement.owner, salt: statementSalt(statement) })) ?? [];
  await Promise.all(nodes.map((node) => node.put(statement.item)));
}

async function startCopy(env: Readonly<Record<string, string>> = {}): Promise<RunningHost> {
  const path = await scene.place(await signedHost('1.0.0', NODE), 'home/app');
  // Tiny releases say nothing when they are tried out.
  const copy = scene.start({ path, env: { APP_PREFLIGHT: 'off', ...env } });
  expect(await copy.hears('start')).toMatchObject({ version: '1.0.0', state: 'running' });
  return copy;
}

async function expectUpdated(copy: RunningHost, release: StatedSample): Promise<void> {
  await copy.hears('start', { version: '1.1.0' });
  expect((await readFile(copy.path)).equals(release.file)).toBe(true);
  expect(await programFolder(dirname(copy.path))).toEqual(['app']);
  expect(copy.stderr).toBe('');
}

/** Waits until the source was named with this code. */
async function blamed(copy: RunningHost, name: string, code: string): Promise<void> {
  for (let index = 0; ; index++) {
    const { message } = await copy.hears('error', { code }, index);
    if (String(message).startsWith(`${name}: `)) return;
  }
}
