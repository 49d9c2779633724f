/**
 * Live: what an unmodified rustpatcher program does with peers of ours that announce a release and do not give it.
 *
 * It has no time limits of its own: a peer that keeps it waiting keeps it for ever. So ours answer, one way or the other.
 */
import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import { interopCase } from './support/interop-case.ts';
import { triedPeers } from './support/live-log.ts';
import { openLiveScene, type LiveScene } from './support/live-scene.ts';
import { RUSTPATCHERS } from './support/workspaces.ts';

const LIMIT_MS = 300_000;
/** Below the first of the transport's own limits: what takes longer was not ended by us. */
const STALL_MS = 10_000;

/** Enough that an upload is under way, and little of a whole program. */
const BEGUN_BYTES = 2_000_000;

describe.each(RUSTPATCHERS)('live: rustpatcher %s', (version) => {
  let scene: LiveScene;
  beforeEach(async () => {
    scene = await openLiveScene();
  });
  afterEach(() => scene.end());

  interopCase(
    { case: 'live: peers that refuse', direction: 'Rust ← ours', versions: `rustpatcher ${version}` },
    'it goes on to the next peer after a refusal, a status 0, a close and a node without discovery, and updates from one that gives',
    async (count) => {
      const newer = await scene.signed(version, 'app-new', '1.1.0');
      const path = await scene.signed(version, 'app-old', '1.0.0');
      const peers = [
        await scene.refuse('wrong minute', newer),
        await scene.refuse('nothing to give', newer),
        await scene.refuse('full', newer),
        // Its record has hints, which would do: a program of rustpatcher ignores them.
        await scene.refuse('nothing to give', newer, { listed: false }),
      ];
      const app = scene.start(path);
      const all = new Set(peers.map(({ nodeId }) => nodeId));
      const refused = await triedPeers(app, all);
      for (const { tookMs } of refused) expect(tookMs).toBeLessThan(STALL_MS);
      expect(app.running).toBe(true);
      expect(app.out).toContain('spawned');
      await scene.seed(newer);
      await app.says(/^version 1\.1\.0$/);
      expect(readFileSync(path).equals(readFileSync(newer))).toBe(true);
      count(refused.length + 3);
    },
    LIMIT_MS,
  );

  interopCase(
    { case: 'live: peers that refuse', direction: 'Rust ← ours', versions: `rustpatcher ${version}` },
    'a seed that is ended in the middle of an upload lets it go at once',
    async (count) => {
      const newer = await scene.signed(version, 'app-new', '1.1.0');
      const path = await scene.signed(version, 'app-old', '1.0.0');
      const before = readFileSync(path);
      const seed = await scene.seed(newer);
      const begun = seed.process.readBytes() + BEGUN_BYTES;
      const app = scene.start(path);
      await app.says(/Downloading patch/);
      while (seed.process.readBytes() < begun) await nextTurn();
      seed.process.kill('SIGTERM');
      const endedMs = Date.now();
      await app.says(/Downloaded patch: false/);
      expect(Date.now() - endedMs).toBeLessThan(STALL_MS);
      await seed.process.ended;
      expect(JSON.parse(seed.process.out.join(''))).toMatchObject({ uploads: 0 });
      expect(app.running).toBe(true);
      expect(readFileSync(path).equals(before)).toBe(true);
      count(4);
    },
    LIMIT_MS,
  );
});
