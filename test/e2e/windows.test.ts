/**
 * Updates where a running program can be renamed but neither replaced nor removed, and no process can be replaced: Windows.
 *
 * Each story runs on every system, so that it is tried out where it is written. What only Windows does is asked for there alone, and
 * `isWindows` says so.
 *
 * @module
 */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunningHost, Said } from '../fixtures/running-host.ts';
import { programName } from '../support/program-name.ts';
import { holdFile } from './support/held-file.ts';
import { programFolder } from './support/program-folder.ts';
import { signedHost } from './support/releases.ts';
import { openScene, type Scene } from './support/scene.ts';
import { ARGS, badVersion, count, endAll, expectBack, expectSameStart, startGood } from './support/trouble.ts';

const isWindows = process.platform === 'win32';
const node = process.execPath;
const hasExecve = process.execve !== undefined && !isWindows;
/** Of a file that was moved aside and could not be removed: leftovers.ts. */
const ASIDE = /^\.app(?:\.exe)?\.\d+-[0-9a-f]{12}\.peerpatch$/;
let scene: Scene;

// A scanner looks at each of these programs of a hundred megabytes, several times.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 120_000 });
beforeEach(async () => {
  scene = await openScene();
});
afterEach(async () => {
  await endAll(scene);
  await scene.end();
});

describe('a running program', () => {
  it('is moved aside for each release, goes on as it was started, and is swept when nobody runs it any more', async () => {
    const name = programName('äpp of a user');
    const program = await scene.place(await signedHost('1.0.0', node), join('the folder', name));
    const home = join(scene.folder, 'where it runs');
    await mkdir(home);
    // Nobody says that it works: whatever is kept stays until the start at the end.
    const probation = { confirm: 'host', confirmMs: 600_000 };
    const env = { CUSTOM: 'a b=ü', APP_PROBATION: JSON.stringify(probation) };
    const copy = scene.start({ path: program, args: ARGS, cwd: home, env });
    const first = await copy.hears('start');
    expect(first).toMatchObject({ version: '1.0.0', state: 'running', args: ARGS, cwd: home });
    const { ino } = await stat(program, { bigint: true });

    for (const version of ['1.1.0', '1.2.0']) {
      const release = await signedHost(version, node);
      const endSeed = await scene.seedFile(release);
      const later = await copy.hears('start', { version });
      await endSeed();
      expectSameStart(first, later);
      // One parent, however many updates: the second one is asked for through the pipe of the first.
      if (!hasExecve) expect(later['ppid']).toBe(copy.pid);
      expect((await readFile(program)).equals(await readFile(release))).toBe(true);
      expect(await programFolder(dirname(program))).toEqual([name]);
    }
    const kept = keptIn(program);
    expect(kept.map((path) => basename(path).replace(/~.*/, ''))).toEqual(['1.0.0', '1.1.0']);
    const [oldest = ''] = kept;
    expect((await stat(oldest, { bigint: true })).ino).toBe(ino);
    // It is what the thin parent runs.
    if (isWindows) await expect(rm(oldest)).rejects.toThrow(/EPERM|EBUSY|EACCES/);
    expect({ errors: errorsOf(copy), stderr: copy.stderr }).toEqual({ errors: [], stderr: '' });

    await endCopy(copy);
    const again = scene.start({ path: program, env: { APP_PROBATION: JSON.stringify({ aliveMs: 1000 }) } });
    await again.hears('confirmed', { version: '1.2.0' });
    // The last one that had proven itself: nobody ever said of 1.1.0 that it works. Swept behind the event.
    await expect.poll(() => keptIn(program).map((path) => basename(path).replace(/~.*/, ''))).toEqual(['1.0.0']);
    expect(await programFolder(dirname(program))).toEqual([name]);
  });

  it('that another process holds open is replaced as soon as that lets go, and nothing is told as an error', async () => {
    const program = await scene.place(await signedHost('1.0.0', node), join('home', programName('app')));
    const copy = scene.start({ path: program, args: ARGS });
    const first = await copy.hears('start', { version: '1.0.0' });
    const release = await signedHost('1.1.0', node);
    const held = await holdFile(program);
    try {
      await scene.seedFile(release);
      // The step before the program is moved: 07-install. From there on it is tried for three seconds.
      await until(copy, () => existsSync(join(installFolder(program), 'journal')));
      await pause(1000);
      if (isWindows) expect(count(copy, 'installed')).toBe(0);
    } finally {
      await held.end();
    }
    await copy.hears('installed', { version: '1.1.0' });
    expectSameStart(first, await copy.hears('start', { version: '1.1.0' }));
    expect((await readFile(program)).equals(await readFile(release))).toBe(true);
    expect({ errors: errorsOf(copy), stderr: copy.stderr }).toEqual({ errors: [], stderr: '' });
  });
});

describe('a bad release', () => {
  it('makes place for the program before it, which is kept, runs as before, and takes the next release', async () => {
    const copy = await startGood(scene, { node, probation: { aliveMs: 20_000, hangMs: 10_000, maxStarts: 2 } });
    const endSeed = await scene.seedFile(await badVersion(scene, { node, behaviour: 'exits 1 after preflight' }));
    const told = await copy.hears('rolled-back');
    expect(told).toMatchObject({ version: '1.1.0', to: '1.0.0' });
    expect(told['reason']).toMatch(hasExecve ? /it died within its probation/ : /exit code 1/);
    expectSameStart(firstStart(copy), await copy.hears('start', { version: '1.0.0' }, 1));
    await expectBack(scene, copy.path);
    await copy.hears('held-back', { version: '1.1.0' });
    await endSeed();
    expect(keptIn(copy.path).map((path) => basename(path).replace(/~.*/, ''))).toEqual(['1.0.0']);

    const next = await badVersion(scene, { version: '1.2.0', node });
    await scene.seedFile(next);
    expectSameStart(firstStart(copy), await copy.hears('start', { version: '1.2.0' }));
    expect((await readFile(copy.path)).equals(await readFile(next))).toBe(true);
    expect([count(copy, 'installed'), count(copy, 'rolled-back')]).toEqual([2, 1]);
    expect(errorsOf(copy)).toEqual([]);
    // What came back is kept already, and the thin parent runs it: so what was moved aside waits for a later start.
    const aside = readdirSync(dirname(copy.path)).filter((name) => ASIDE.test(name));
    expect(aside).toHaveLength(isWindows ? 1 : 0);
  });
});

/** Paths of the programs to go back to, the oldest first. */
function keptIn(program: string): string[] {
  const folder = join(installFolder(program), 'previous');
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
}

function installFolder(program: string): string {
  return join(dirname(program), `.${basename(program)}.peerpatch`);
}

function firstStart(copy: RunningHost): Said | undefined {
  return copy.said.find(({ event }) => event === 'start');
}

function errorsOf(copy: RunningHost): Said[] {
  return copy.said.filter(({ event }) => event === 'error');
}

/** As a person ends it. On Windows the program goes with its thin parent, and neither is asked. */
async function endCopy(copy: RunningHost): Promise<void> {
  copy.kill('SIGTERM');
  await copy.ended;
  await copy.stop();
}

/** As long as the copy lives: it would tell why not. */
async function until(copy: RunningHost, isTrue: () => boolean): Promise<void> {
  const over = copy.ended.then(() => true);
  while (!isTrue()) {
    if (await Promise.race([over, pause(25, false)])) throw new Error(`the copy ended: ${JSON.stringify(copy.said)}`);
  }
}
