/**
 * Live: a running rustpatcher program becomes a program of ours, which then updates itself as ours do.
 *
 * The way of an owner who moves: the same key, a higher version, no help but that of `peerpatch seed`.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import { interopCase } from './support/interop-case.ts';
import { openLiveScene, type LiveScene } from './support/live-scene.ts';
import { ROUTER } from './support/namespace.ts';
import { RUSTPATCHERS } from './support/workspaces.ts';

const PROGRAM = join(import.meta.dirname, 'support/updating-program.ts');
const LIMIT_MS = 300_000;

describe.each(RUSTPATCHERS)('live: from rustpatcher %s to ours', (version) => {
  let scene: LiveScene;
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'peerpatch-migrate-'));
    scene = await openLiveScene();
  });
  afterEach(async () => {
    await scene.end();
    await rm(folder, { recursive: true });
  });

  interopCase(
    { case: 'live: Rust program becomes one of ours', direction: 'Rust ← ours', versions: `rustpatcher ${version}` },
    'it installs our program, runs as it in the same process, and goes on updating',
    async (count) => {
      const path = await scene.signed(version, 'app-old', '1.0.0');
      const [first, second] = [await ours('2.0.0'), await ours('2.1.0')];

      const seed = await scene.seed(first);
      const app = scene.start(path, { PROGRAM_DHT: `${ROUTER}:6881` });
      try {
        await app.says(/^version 2\.0\.0 running$/);
        expect(app.out.slice(0, 2)).toEqual(['version 1.0.0', `pid ${app.pid}`]);
        expect(app.running).toBe(true);
        expect(readFileSync(path).equals(readFileSync(first))).toBe(true);
        await seed.process.stop();

        await scene.seed(second);
        await app.says(/^version 2\.1\.0 running$/);
        expect(readFileSync(path).equals(readFileSync(second))).toBe(true);
      } finally {
        // Gently: where a process cannot become another one, the old one stays as parent and passes it on.
        app.kill('SIGTERM');
        await app.ended;
      }
      count(4);
    },
    LIMIT_MS,
  );

  async function ours(appVersion: string): Promise<string> {
    const out = join(folder, appVersion);
    await scene.peerpatch('build', PROGRAM, '--out', out, '--app-version', appVersion);
    await scene.sign(out, appVersion, '--app', 'migrated', '--v0');
    return out;
  }
});
