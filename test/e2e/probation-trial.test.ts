/**
 * New versions that are no good before they run: found out by their preflight, so that the running copy never makes place for
 * them.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openScene, type Scene } from './support/scene.ts';
import { badVersion, count, endAll, leftIn, processesOf, startGood } from './support/trouble.ts';

const NODE = process.execPath;
let scene: Scene;

beforeEach(async () => {
  scene = await openScene();
});
afterEach(async () => {
  await endAll(scene);
  await scene.end();
});

describe('a new version', () => {
  const bad: [name: string, flaw: { behaviour?: string; patch?: [string, string] }, message: RegExp][] = [
    ['exits 1 at once', { behaviour: 'exits 1' }, /exit code 1/],
    ['forks and exits', { behaviour: 'forks and exits' }, /ended without saying its version/],
    ['says another version', { behaviour: 'says another version' }, /says that it is 9\.9\.9/],
    ['ignores the preflight for ever, with a child', { behaviour: 'ignores the preflight' }, /within 4 s/],
    ['needs a library that is not there', { patch: ['libstdc++.so.6\0', 'libstdc++.so.9\0'] }, /libstdc\+\+\.so\.9/],
  ];
  for (const [name, flaw, message] of bad) {
    it(`that ${name} is not installed, and after two trials not fetched again`, async () => {
      const copy = await startGood(scene, { node: NODE, env: { APP_PREFLIGHT: '4000', APP_FORCES: '1' } });
      await scene.seedFile(await badVersion(scene, { node: NODE, ...flaw }));
      const failed = await copy.hears('error', { code: 'PREFLIGHT_FAILED' });
      expect(failed).toMatchObject({ during: 'install', message: expect.stringMatching(message) as string });
      await copy.hears('error', { code: 'PREFLIGHT_FAILED' }, 1);
      await copy.hears('held-back', { version: '1.1.0' });
      await copy.hears('checked', {}, count(copy, 'checked') + 1);
      expect([count(copy, 'accepted'), count(copy, 'installed')]).toEqual([2, 0]);
      expect((await readFile(copy.path)).equals(await readFile(join(scene.folder, 'good')))).toBe(true);
      expect(leftIn(join(scene.folder, 'home'))).toEqual([]);
      // Nothing that the trials started is left: the copy alone runs.
      await expect.poll(() => processesOf(scene)).toEqual([copy.pid]);
      expect(copy.stderr).toBe('');
    });
  }

  it('for another processor, signed for a target of the owner’s own words, is not installed, and not fetched again at once', async () => {
    const target = 'our-board';
    const copy = await startGood(scene, { node: NODE, target });
    const [x64, arm64] = [62, 183];
    const machine = process.arch === 'x64' ? arm64 : x64;
    await scene.seedFile(await badVersion(scene, { node: NODE, target, machine }));
    await copy.hears('error', { code: 'RELEASE_WRONG_TARGET' });
    for (let looks = 1; looks <= 2; looks++) await copy.hears('checked', { newest: '1.1.0' }, looks);
    expect([count(copy, 'planned'), count(copy, 'accepted'), count(copy, 'installed')]).toEqual([1, 0, 0]);
    expect((await readFile(copy.path)).equals(await readFile(join(scene.folder, 'good')))).toBe(true);
  });

  it('that prints megabytes in its preflight is installed: nobody sees them', async () => {
    const copy = await startGood(scene, { node: NODE, probation: { aliveMs: 1000 } });
    await scene.seedFile(await badVersion(scene, { node: NODE, behaviour: 'floods the preflight' }));
    await copy.hears('confirmed', { version: '1.1.0' });
    expect(copy.stderr).toBe('');
  });
});
