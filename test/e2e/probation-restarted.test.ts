/**
 * Bad versions under something that starts them again whatever happens: a supervisor, an unknown restarter, a container engine
 * with the program as the container's first process.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunningHost } from '../fixtures/running-host.ts';
import { nodesUnderTest } from './support/node-binaries.ts';
import { openScene, type Scene } from './support/scene.ts';
import {
  ARGS,
  badVersion,
  count,
  endAll,
  expectBack,
  expectSameStart,
  goodProgram,
  processesOf,
} from './support/trouble.ts';

const PROBATION = JSON.stringify({ aliveMs: 6000, hangMs: 3000, maxStarts: 2 });
const nodes = (await nodesUnderTest()).filter(({ name }) => !name.includes('26'));
let scene: Scene;

beforeEach(async () => {
  scene = await openScene();
});
afterEach(async () => {
  await endAll(scene);
  await scene.end();
});

/** A shell that starts the program again each time it has ended, after a pause. */
function startRestarted(
  path: string,
  env: Readonly<Record<string, string>>,
  { prefix = [], pauseSeconds = 0.3 }: { readonly prefix?: readonly string[]; readonly pauseSeconds?: number } = {},
): RunningHost {
  const loop = `while :; do "$@"; sleep ${pauseSeconds}; done`;
  const args = ['-c', loop, 'restarter', ...prefix, path, ...ARGS];
  return scene.start({ path: '/bin/sh', args, env: { CUSTOM: 'kept', APP_PROBATION: PROBATION, ...env } });
}

async function expectUndone(copy: RunningHost, path: string): Promise<void> {
  await copy.hears('rolled-back', { version: '1.1.0', to: '1.0.0' });
  const starts = copy.said.filter(({ event }) => event === 'start');
  const again = await copy.hears(
    'start',
    { version: '1.0.0' },
    starts.filter(({ version }) => version === '1.0.0').length,
  );
  expectSameStart(starts[0], again);
  await copy.hears('held-back', { version: '1.1.0' });
  await expectBack(scene, path);
  expect(count(copy, 'installed')).toBe(1);
  expect(count(copy, 'rolled-back')).toBe(1);
}

for (const { name, path: node, hasExecve } of nodes) {
  describe(`a version of ${name} that dies after a while`, () => {
    it.runIf(hasExecve)('makes place for the one before it when its supervisor has started it too often', async () => {
      const path = await goodProgram(scene, node);
      const copy = startRestarted(path, { SUPERVISOR_ENABLED: '1' });
      await copy.hears('start', { version: '1.0.0' });
      await scene.seedFile(await badVersion(scene, { node, behaviour: 'dies later' }));
      await expectUndone(copy, path);
      expect(count(copy, 'probation', { version: '1.1.0' })).toBe(2);
      expect(copy.said.find(({ event }) => event === 'rolled-back')?.['reason']).toContain('was started 2 times');
      // The restarter and the program.
      expect(processesOf(scene).length).toBe(2);
    });

    it.runIf(hasExecve)('does so although it dies before it has called spawn', async () => {
      const path = await goodProgram(scene, node);
      const copy = startRestarted(path, { SUPERVISOR_ENABLED: '1' });
      await copy.hears('start', { version: '1.0.0' });
      await scene.seedFile(await badVersion(scene, { node, behaviour: 'segfaults' }));
      await expectUndone(copy, path);
      expect(count(copy, 'probation', { version: '1.1.0' })).toBe(0);
      expect(copy.said.find(({ event }) => event === 'rolled-back')?.['reason']).toBe(
        'it was started 3 times and died before it called spawn',
      );
    });

    it('does so when it was put in place for the next start, and nobody watches that', async () => {
      const path = await goodProgram(scene, node);
      const copy = scene.start({ path, args: ARGS, env: { APP_PROBATION: PROBATION, APP_MODE: 'on-restart' } });
      await copy.hears('start', { version: '1.0.0' });
      await scene.seedFile(await badVersion(scene, { node, behaviour: 'throws at once' }));
      await copy.hears('installed', { version: '1.1.0' });
      copy.kill('SIGTERM');
      await copy.ended;
      for (let starts = 0; starts < 3; starts++) {
        const dying = scene.start({ path, args: ARGS, env: { APP_PROBATION: PROBATION } });
        expect((await dying.ended).code).toBe(1);
        expect(dying.said).toEqual([]);
      }
      const back = scene.start({ path, args: ARGS, env: { APP_PROBATION: PROBATION } });
      await back.hears('rolled-back', { version: '1.1.0', to: '1.0.0' });
      expect(await back.hears('start')).toMatchObject({ version: '1.0.0', args: ARGS });
      await expectBack(scene, path);
    });

    // With a pause of a second the restarter starts the bad version once more at the moment when the guard puts the other back.
    const restarted: [behaviour: string, pauseSeconds: number][] = [
      ['dies later', 0.3],
      ['throws at once', 1],
      ['is slow and dies', 1],
      ['dies later', 2.5],
    ];
    for (const [behaviour, pauseSeconds] of restarted) {
      it(`is run once, by an unknown restarter that pauses ${pauseSeconds} s or a guard, when it ${behaviour}`, async () => {
        const path = await goodProgram(scene, node);
        const copy = startRestarted(path, {}, { pauseSeconds });
        await copy.hears('start', { version: '1.0.0' });
        await scene.seedFile(await badVersion(scene, { node, behaviour }));
        await expectUndone(copy, path);
        // A start of it that reaches `spawn` when the guard was there already gives way.
        if (pauseSeconds >= 1) expect(count(copy, 'start', { version: '1.1.0' })).toBeLessThanOrEqual(1);
        // The restarter, the program, and the thin parent where there is one: the guard has left.
        await expect.poll(() => processesOf(scene).length, { timeout: 10_000 }).toBe(hasExecve ? 2 : 3);
      });
    }
  });

  describe.skipIf(!hasNamespaces())(`a version of ${name} that is the first process of a container`, () => {
    const container = ['unshare', '-Urpf', '--kill-child', '--mount-proc'];
    for (const behaviour of ['dies later', 'hangs']) {
      it(`and ${behaviour} makes place for the one before it`, async () => {
        const path = await goodProgram(scene, node);
        const copy = startRestarted(path, {}, { prefix: container });
        expect(await copy.hears('start', { version: '1.0.0' })).toMatchObject({ pid: 1 });
        await scene.seedFile(await badVersion(scene, { node, behaviour }));
        await expectUndone(copy, path);
      });
    }
  });
}

function hasNamespaces(): boolean {
  try {
    execFileSync('unshare', ['-Urpf', '--mount-proc', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    console.log('skipped: this system makes no PID namespaces for this user');
    return false;
  }
}
