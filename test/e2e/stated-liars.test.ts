/**
 * Updates by statement of a real executable where nearly every source lies or fails from the start: of chunks, pages and statements,
 * over the real transport and over HTTP. Lying about deltas is in stated-deltas.test.ts.
 *
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { COLLECT_LIMITS } from '../../src/core/base/limits.ts';
import { encodeSignedItem } from '../../src/core/statement/signed-bytes.ts';
import type { SignedStatement } from '../../src/core/statement/statement.ts';
import type { StatedSample } from '../../src/testing/sample-program.ts';
import type { StatedLiar } from '../support/liars.ts';
import { useWebServers } from '../support/web-servers.ts';
import { announcesTooMuch, captivePortal, neverEnds, redirectsTo, truncates } from './support/lying-mirrors.ts';
import { exportedMirror } from './support/mirror-folder.ts';
import { signedHost, tinyRelease } from './support/releases.ts';
import { openScene, type Scene } from './support/scene.ts';
import { blamed, blames, expectRelease, startCopyIn } from './support/stated-copies.ts';

const NODE = process.execPath;
/** An object as it is, which has not the hash that was asked for. */
const WRONG = concatBytes(Uint8Array.of(0), new Uint8Array(1000).fill(7));
/** Between two chunks of a slow peer. It keeps the least rate with it. */
const SLOW_MS = 1000;
/** So many requests may be under way to a source when it is found out. */
const { firstRequests: FIRST_REQUESTS } = COLLECT_LIMITS;
const nothing = (): Promise<undefined> => Promise.resolve(undefined);

const servers = useWebServers();
let scene: Scene;

beforeEach(async () => {
  scene = await openScene();
});
afterEach(async () => {
  await scene.end();
});

describe('a copy that finds one honest peer among many sources that lie or fail', () => {
  it('is updated by it, and each of the others is named once and left alone', async () => {
    const elsewhere = await servers.serve(captivePortal, { host: '127.0.0.2' });
    const redirecting = await servers.serve(redirectsTo(elsewhere.url));
    const portal = await servers.serve(captivePortal);
    const truncating = await servers.serve(truncates);
    const endless = await servers.serve(neverEnds);
    const oversized = await servers.serve(announcesTooMuch);
    const stated = [portal, truncating, endless, oversized];
    const release = tinyRelease('1.1.0', {
      sizeBytes: 8_000_000,
      isRandom: true,
      stated: { mirrors: stated.map(({ url }) => url) },
    });
    await scene.publish(release);
    const pageAsked = signal();
    const wrongPages = await scene.liar({
      release,
      misbehave: () => ({
        stamp: nothing,
        object: (kind) => {
          if (kind === 'page') pageAsked.give();
          return Promise.resolve(kind === 'page' ? WRONG : undefined);
        },
      }),
    });
    let wrongGiven = 0;
    const wrongChunks = await scene.liar({
      release,
      misbehave: () => ({
        stamp: nothing,
        object: (kind) => {
          if (kind === 'chunk') wrongGiven++;
          return Promise.resolve(kind === 'chunk' ? WRONG : undefined);
        },
      }),
    });
    // Found, it says, and the first byte of a length.
    const stalling = await scene.liar({ release, answer: (stream) => stream.write(Uint8Array.of(1, 0)) });
    const allNamed = signal();
    let line: Promise<unknown> = Promise.resolve();
    const slow = await scene.liar({
      release,
      // Slow, so that there is something left to do until the last liar is found out.
      misbehave: (honest) => ({
        object: async (kind, hash) => {
          if (kind === 'page') await pageAsked.given;
          else await (line = line.then(() => Promise.race([allNamed.given, delay(SLOW_MS)])));
          return honest.object(kind, hash);
        },
      }),
    });
    const peers = [wrongPages, wrongChunks, stalling, slow].map(({ name }) => name);
    await expect.poll(() => scene.announced(release), { timeout: 30_000 }).toEqual(peers.sort());

    const copy = await startCopy({ APP_MIRROR: redirecting.url });
    const expected = {
      [wrongPages.name]: 'PEER_MISBEHAVED',
      [wrongChunks.name]: 'PEER_MISBEHAVED',
      [stalling.name]: 'PEER_TIMEOUT',
      [`mirror ${redirecting.url}/`]: 'PEER_MISBEHAVED',
      [`mirror ${portal.url}/`]: 'PEER_MISBEHAVED',
      [`mirror ${truncating.url}/`]: 'PEER_UNREACHABLE',
      [`mirror ${endless.url}/`]: 'PEER_MISBEHAVED',
      [`mirror ${oversized.url}/`]: 'PEER_MISBEHAVED',
    };
    for (const [name, code] of Object.entries(expected)) await blamed(copy, name, code);
    allNamed.give();
    await expectRelease(copy, release.file);
    expect(blames(copy)).toEqual(Object.fromEntries(Object.entries(expected).map(([name, code]) => [name, [code]])));
    expect(wrongGiven).toBeLessThanOrEqual(FIRST_REQUESTS);
    for (const { requests } of [redirecting, ...stated]) {
      expect(requests.filter((request) => request.includes('/objects/')).length).toBeLessThanOrEqual(FIRST_REQUESTS);
    }
    expect(elsewhere.connections()).toBe(0);
  });
});

describe('a copy that is shown statements of all kinds', () => {
  it('takes the right one, and names those who showed what the owner did not sign for it', async () => {
    const release = tinyRelease('1.1.0');
    const foreign = await shows(release, tinyRelease('2.0.0', { stated: { app: 'another' } }).statement);
    const expired = await shows(release, tinyRelease('1.0.5', { stated: { expiresAt: 1 } }).statement);
    const stale = await shows(release, tinyRelease('1.0.7').statement);
    const altered = Buffer.from(encodeSignedItem(release.statement.item));
    altered.write('1.9.0', altered.indexOf('1.1.0'), 'latin1');
    const altering = await servers.serve((request, response) => {
      response.writeHead(request.url?.includes('/statement-') === true ? 200 : 404).end(altered);
    });
    // Shows the right one, but only when the others have been heard.
    const othersHeard = signal();
    const folder = await exportedMirror(scene, release);
    const honest = await servers.serve((request, response) => {
      const isHeardLast = request.url?.includes('/statement-') === true;
      void (isHeardLast ? othersHeard.given : Promise.resolve()).then(() => {
        folder(request, response);
      });
    });
    const peers = [foreign, expired, stale].map(({ name }) => name);
    await expect.poll(() => scene.announced(release), { timeout: 30_000 }).toEqual(peers.sort());

    const copy = await startCopy({ APP_MIRROR: `${altering.url},${honest.url}` });
    await Promise.all([foreign, expired, stale].map(({ asked }) => asked));
    await blamed(copy, foreign.name, 'STATEMENT_BAD_SIGNATURE');
    othersHeard.give();
    await expectRelease(copy, release.file);
    expect(blames(copy)).toEqual({
      [foreign.name]: ['STATEMENT_BAD_SIGNATURE'],
      [`mirror ${altering.url}/`]: ['STATEMENT_BAD_SIGNATURE'],
    });
    expect(copy.said.filter(({ event }) => event === 'installed').map(({ version }) => version)).toEqual(['1.1.0']);
  });
});

interface Showing extends StatedLiar {
  /** Resolves when somebody was shown it. */
  readonly asked: Promise<void>;
}

/** A peer that announces the release, shows another statement, and hands out nothing else. */
async function shows(release: StatedSample, { item }: SignedStatement): Promise<Showing> {
  const asked = signal();
  const statement = (): Uint8Array => {
    asked.give();
    return encodeSignedItem(item);
  };
  const liar = await scene.liar({ release, misbehave: () => ({ statement, stamp: nothing, object: nothing }) });
  return { ...liar, asked: asked.given };
}

async function startCopy(env: Readonly<Record<string, string>>): ReturnType<typeof startCopyIn> {
  // Tiny releases say nothing when they are tried out.
  return startCopyIn(scene, { program: await signedHost('1.0.0', NODE), env: { APP_PREFLIGHT: 'off', ...env } });
}

/** Something that happens once. */
function signal(): { readonly given: Promise<void>; readonly give: () => void } {
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  return {
    given,
    give: () => {
      give();
    },
  };
}
