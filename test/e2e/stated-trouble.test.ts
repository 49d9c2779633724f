/**
 * Updates by statement of a real executable beside peers and mirrors that lie, stall or are gone, over the real transport.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { brotliCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { encodeReleaseRegion } from '../../src/core/release/region.ts';
import { RELEASE_BLOCK_BYTES } from '../../src/core/stamp/block.ts';
import type { StatedSample } from '../../src/testing/sample-program.ts';
import { exportMirror } from '../../src/tools/mirror/export-mirror.ts';
import type { RunningHost } from '../fixtures/running-host.ts';
import type { StatedLiar, StatedLiarOptions } from '../support/liars.ts';
import { useWebServers } from '../support/web-servers.ts';
import { captivePortal } from './support/lying-mirrors.ts';
import { PUBLIC_KEY, signedHost, tinyRelease } from './support/releases.ts';
import { openScene, type Scene } from './support/scene.ts';
import { blamed, expectRelease, startCopyIn } from './support/stated-copies.ts';
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

beforeEach(async () => {
  scene = await openScene();
});
afterEach(async () => {
  await scene.end();
});

describe('a copy with none but liars around', () => {
  it('names each of them, keeps what was right, and is updated as soon as one honest peer is there', async () => {
    const release = tinyRelease('1.1.0', { sizeBytes: SIZE_BYTES, isRandom: true });
    await scene.publish(release);
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
    await expectRelease(copy, release.file);
    // A hundred chunks of about 37 KB came before.
    const { totalBytes } = await copy.hears('accepted', { version: '1.1.0' });
    expect(totalBytes).toBeLessThan(SIZE_BYTES - 2_000_000);
  });
});

describe('a copy that is given the stamp of another file first', () => {
  it('names who sent it, and takes the next one', async () => {
    const release = tinyRelease('1.1.0', { sizeBytes: SIZE_BYTES, isRandom: true });
    await scene.publish(release);
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
    await expectRelease(copy, release.file);
  });
});

describe('a copy beside a mirror that lies', () => {
  it('names it once, and finds the release at an honest one', async () => {
    const release = tinyRelease('1.1.0');
    const captive = await servers.serve(captivePortal);
    const copy = await startCopy({ APP_MIRROR: captive.url });
    await blamed(copy, `mirror ${captive.url}/`, 'STATEMENT_BAD_SIGNATURE');
    const asked = captive.requests.length;
    await scene.publish(release);
    await scene.seed(release);
    await expectRelease(copy, release.file);
    expect(captive.requests.length).toBe(asked);
  });
});

describe('a copy that finds no peer but one that is gone', () => {
  it('goes on to the DHT and a mirror within seconds', async () => {
    const release = tinyRelease('1.1.0');
    await scene.publish(release);
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
    await expectRelease(copy, release.file);
    const told = copy.said.filter(({ event, message }) => event === 'error' && String(message).startsWith(gone.name));
    expect(told.length).toBeLessThan(2);
  });
});

function liar(release: StatedSample, misbehave: NonNullable<StatedLiarOptions['misbehave']>): Promise<StatedLiar> {
  return scene.liar({ release, misbehave });
}

/** Sends these bytes, and nothing ever after. */
function stallsBehind(release: StatedSample, bytes: Uint8Array): Promise<StatedLiar> {
  return scene.liar({ release, answer: (stream) => stream.write(bytes) });
}

async function startCopy(env: Readonly<Record<string, string>> = {}): Promise<RunningHost> {
  // Tiny releases say nothing when they are tried out.
  return startCopyIn(scene, { program: await signedHost('1.0.0', NODE), env: { APP_PREFLIGHT: 'off', ...env } });
}
