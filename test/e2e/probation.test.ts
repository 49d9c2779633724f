/**
 * Bad versions undo themselves: each is taken by a running copy, dies in its own way, and the version before it runs again, as it
 * was started first. Real executables: through a thin parent, and by `execve` with a guard.
 *
 * @module
 */
import { dirname, join } from 'node:path';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodesUnderTest } from './support/node-binaries.ts';
import { openScene, type Scene } from './support/scene.ts';
import type { Said } from '../fixtures/running-host.ts';
import {
  badVersion,
  count,
  endAll,
  expectBack,
  expectSameStart,
  goodProgram,
  processesOf,
  startGood,
} from './support/trouble.ts';

const PROBATION = { aliveMs: 6000, hangMs: 3000, maxStarts: 2 };
const nodes = (await nodesUnderTest()).filter(({ name }) => !name.includes('26'));
let scene: Scene;

/** Of the process that said so, behind the program's name, in hex: each ends with a zero byte. */
function argumentsOf({ pid }: Said): string {
  const bytes = readFileSync(`/proc/${String(pid)}/cmdline`);
  return bytes.subarray(bytes.indexOf(0)).toString('hex');
}

beforeEach(async () => {
  scene = await openScene();
});
afterEach(async () => {
  await endAll(scene);
  await scene.end();
});

for (const { name, path: node, hasExecve } of nodes) {
  describe(`a new version of ${name} (${hasExecve ? 'execve and a guard' : 'a thin parent'})`, () => {
    const dying: [behaviour: string, reason: RegExp][] = [
      ['exits 1 after preflight', /exit code 1/],
      ['segfaults', /SIGSEGV/],
      ['aborts', /SIGABRT/],
      ['hangs', /stood still for 3 s/],
      ['dies later', /exit code 1/],
      ['throws later', /exit code 1/],
    ];
    for (const [behaviour, reason] of dying) {
      it(`that ${behaviour} makes place for the one before it, and is not taken again`, async () => {
        const copy = await startGood(scene, { node, probation: PROBATION });
        await scene.seedFile(await badVersion(scene, { node, behaviour }));
        const told = await copy.hears('rolled-back');
        const isOwnDoing = behaviour === 'hangs' || !hasExecve;
        expect(told).toMatchObject({
          version: '1.1.0',
          to: '1.0.0',
          reason: expect.stringMatching(isOwnDoing ? reason : /it died within its probation/) as string,
        });
        const again = await copy.hears('start', { version: '1.0.0' }, 1);
        expectSameStart(copy.said[0] && copy.said.find(({ event }) => event === 'start'), again);
        expect(copy.stderr).toContain(`peerpatch: 1.1.0 was rolled back to 1.0.0: ${String(told['reason'])}\n`);
        await expectBack(scene, copy.path);
        await expectNotTakenAgain();
        expect(count(copy, 'installed')).toBe(1);
        expect(count(copy, 'rolled-back')).toBe(1);
        // The program, and the thin parent where there is one.
        expect(processesOf(scene).length).toBe(hasExecve ? 1 : 2);

        async function expectNotTakenAgain(): Promise<void> {
          await copy.hears('held-back', { version: '1.1.0' });
          const looks = count(copy, 'checked');
          await copy.hears('checked', {}, looks + 1);
        }
      });
    }

    it.runIf(process.platform === 'linux')('leaves the one before it the very bytes of its arguments', async () => {
      const path = await goodProgram(scene, node);
      const odd = `exec "$0" plain "$(printf 'a\\377b')" 'two words'`;
      const copy = scene.start({
        path: '/bin/sh',
        args: ['-c', odd, path],
        env: { APP_PROBATION: JSON.stringify(PROBATION) },
      });
      const first = await copy.hears('start', { version: '1.0.0' });
      const given = argumentsOf(first);
      expect(given).toContain('00706c61696e0061ff620074776f20776f72647300');
      await scene.seedFile(await badVersion(scene, { node, behaviour: 'exits 1 after preflight' }));
      await copy.hears('rolled-back');
      expect(argumentsOf(await copy.hears('start', { version: '1.0.0' }, 1))).toBe(given);
    });

    it('that one of two copies on one file dies of is put back for both: the other runs on and takes the next release', async () => {
      const path = await goodProgram(scene, node);
      const probation = JSON.stringify({ aliveMs: 120_000, hangMs: 30_000, maxStarts: 2 });
      const [dying, living] = ['dying', 'living'].map((arg) =>
        scene.start({ path, args: [arg], env: { APP_PROBATION: probation } }),
      );
      if (dying === undefined || living === undefined) throw new Error('two copies');
      const copies = [dying, living];
      await Promise.all(copies.map((copy) => copy.hears('start', { version: '1.0.0' })));
      const endSeed = await scene.seedFile(await badVersion(scene, { node }));
      const started = await Promise.all(copies.map((copy) => copy.hears('start', { version: '1.1.0' })));
      await endSeed();

      process.kill(Number(started[0]?.['pid']), 'SIGSEGV');
      await dying.hears('start', { version: '1.0.0' }, 1);
      expect(await living.hears('rolled-back')).toMatchObject({ version: '1.1.0', to: '1.0.0' });
      await expectBack(scene, path);
      expect(count(living, 'start')).toBe(2);

      const next = await badVersion(scene, { version: '1.2.0', node });
      await scene.seedFile(next);
      for (const copy of copies) await copy.hears('start', { version: '1.2.0' });
      expect((await readFile(path)).equals(await readFile(next))).toBe(true);
      const codes = copies.flatMap(({ said }) => said.flatMap(({ event, code }) => (event === 'error' ? [code] : [])));
      expect(codes).not.toContain('INSTALL_PROGRAM_CHANGED');
      expect(count(living, 'rolled-back')).toBe(1);
      expect([count(dying, 'start'), count(living, 'start')]).toEqual([4, 3]);
      expect(living.stderr).toBe('');
      expect(dying.stderr).toContain('peerpatch: 1.1.0 was rolled back to 1.0.0');
    });

    it('that works is confirmed after its time, and a later one is taken', async () => {
      const copy = await startGood(scene, { node, probation: { ...PROBATION, aliveMs: 2000 } });
      await scene.seedFile(await badVersion(scene, { node }));
      expect(await copy.hears('probation')).toMatchObject({ version: '1.1.0', starts: 1 });
      const started = await copy.hears('start', { version: '1.1.0' });
      expectSameStart(
        copy.said.find(({ event }) => event === 'start'),
        started,
      );
      await copy.hears('confirmed', { version: '1.1.0' });
      expect(readdirSync(join(dirname(copy.path), '.app.peerpatch'))).not.toContain('journal');
      await scene.seedFile(await badVersion(scene, { version: '1.2.0', node }));
      await copy.hears('start', { version: '1.2.0' });
      await copy.hears('confirmed', { version: '1.2.0' });
      await expect.poll(() => processesOf(scene).length, { timeout: 5000 }).toBe(hasExecve ? 1 : 2);
      expect(count(copy, 'rolled-back')).toBe(0);
      expect(copy.stderr).toBe('');
    });
  });
}
