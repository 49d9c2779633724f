/**
 * Whole updates of real executables, over UDP and QUIC on loopback: found, fetched, verified, replaced, restarted.
 *
 * @module
 */
import { chmod, lstat, mkdir, open, readFile, readlink, rename, rm, stat, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunningHost, Said } from '../fixtures/running-host.ts';
import { programName } from '../support/program-name.ts';
import { nodesUnderTest } from './support/node-binaries.ts';
import { programFolder } from './support/program-folder.ts';
import { tinyRelease, signedHost } from './support/releases.ts';
import { openScene, type Scene } from './support/scene.ts';
import { RUNS_TINY } from './support/tiny-program.ts';

const APP = programName('app');
const HAS_MODES = process.platform !== 'win32';
const ARGS = ['--flag=1', 'two words', '', 'ünïcödé ☃', '--', '-x', '$HOME "quoted" \\'];
const nodes = await nodesUnderTest();
let scene: Scene;

beforeEach(async () => {
  scene = await openScene();
});
afterEach(async () => {
  await scene.end();
});

for (const { name, path: node, hasExecve } of nodes) {
  describe(`a copy made with ${name}`, () => {
    it('becomes 1.1.0 and then 1.2.0, each time as it was first started', async () => {
      const program = await scene.place(await signedHost('1.0.0', node), join('the app', programName('äpp')));
      await chmod(program, 0o750);
      const home = join(scene.folder, 'where it runs');
      await mkdir(home);
      const umask = HAS_MODES ? process.umask(0o027) : undefined;
      const env = { CUSTOM: 'a b=ü\nc', EMPTY: '' };
      const copy = scene.start({ path: program, args: ARGS, cwd: home, env });
      if (umask !== undefined) process.umask(umask);
      const first = await copy.hears('start');
      expect(first).toMatchObject({ version: '1.0.0', state: 'running', args: ARGS, cwd: home, custom: env.CUSTOM });
      if (HAS_MODES) expect(first).toMatchObject({ umask: 0o027 });

      for (const version of ['1.1.0', '1.2.0']) {
        const release = await signedHost(version, node);
        const origin = scene.start({ path: release, env: { APP_MODE: 'on-restart' } });
        const { pid, ppid, ...kept }: Said = await copy.hears('start', { version });
        await origin.stop();
        const { pid: oldPid, ppid: oldParent, ...expected } = first;
        expect(kept).toEqual({ ...expected, version });
        if (hasExecve) expect({ pid, ppid }).toEqual({ pid: oldPid, ppid: oldParent });
        else expect({ ppid, new: pid !== oldPid }).toEqual({ ppid: copy.pid, new: true });
        expect((await readFile(program)).equals(await readFile(release))).toBe(true);
        if (HAS_MODES) expect((await stat(program)).mode & 0o7777).toBe(0o750);
        expect(await programFolder(join(scene.folder, 'the app'))).toEqual([programName('äpp')]);
      }
      expect(copy.said.filter(({ event }) => event === 'start').length).toBe(3);
      expect(eventsOf(copy, 'found', 'accepted', 'installed', 'restarting', 'error')).toEqual([
        ...['found 1.1.0', 'accepted 1.1.0', 'installed 1.1.0', 'restarting 1.1.0'],
        ...['found 1.2.0', 'accepted 1.2.0', 'installed 1.2.0', 'restarting 1.2.0'],
      ]);
      expect(copy.stderr).toBe('');
    });
  });
}

describe('one program file', () => {
  const [{ path: node }] = nodes;

  it('that three processes run is 1.1.0 for all of them in the end', async () => {
    const program = await scene.place(await signedHost('1.0.0', node), join('shared', APP));
    const release = await signedHost('1.1.0', node);
    const copies = ['a', 'b', 'c'].map((name) => scene.start({ path: program, args: [name] }));
    await Promise.all(copies.map((copy) => copy.hears('start')));
    scene.start({ path: release, env: { APP_MODE: 'on-restart' } });
    for (const [index, copy] of copies.entries()) {
      expect((await copy.hears('start', { version: '1.1.0' }))['args']).toEqual([['a'], ['b'], ['c']][index]);
      // The slower ones may find that another process was there before them; nothing else may fail.
      const failures = copy.said.filter(({ event }) => event === 'error').map(({ code }) => code);
      expect(failures.filter((code) => code !== 'INSTALL_FAILED')).toEqual([]);
    }
    expect((await readFile(program)).equals(await readFile(release))).toBe(true);
    expect(await programFolder(join(scene.folder, 'shared'))).toEqual([APP]);
  });

  // A small program in place of a newer one (tiny-program.ts): only one system runs it.
  it.runIf(RUNS_TINY)('behind a symbolic link is replaced, and the link stays', async () => {
    const program = await scene.place(await signedHost('1.0.0', node), 'real/app');
    const link = join(scene.folder, 'link');
    await symlink(program, link);
    const copy = scene.start({ path: link, env: { APP_PREFLIGHT: 'off' } });
    await copy.hears('start', { version: '1.0.0' });
    const release = tinyRelease('1.1.0');
    await scene.seed(release);
    await copy.hears('start', { version: '1.1.0' });
    expect((await lstat(link)).isSymbolicLink() && (await readlink(link))).toBe(program);
    expect((await readFile(program)).equals(release.file)).toBe(true);
    expect(await programFolder(join(scene.folder, 'real'))).toEqual(['app']);
  });

  // The path of an open file is Linux's own.
  describe.runIf(process.platform === 'linux')('that is not there any more', () => {
    /** The kernel sees the same when the file goes in the moment in which the program begins. */
    async function startWithout(program: string, replace: () => Promise<void>): Promise<RunningHost> {
      const old = await open(program);
      try {
        await replace();
        const copy = scene.start({ path: `/proc/${process.pid}/fd/${old.fd}`, argv0: program });
        await copy.hears('start');
        return copy;
      } finally {
        await old.close();
      }
    }

    it('when it is started, but another version, gives way to that', async () => {
      const program = await scene.place(await signedHost('1.0.0', node), 'home/app');
      const next = await scene.place(await signedHost('1.1.0', node), 'home/next');
      const copy = await startWithout(program, () => rename(next, program));
      await copy.hears('start', { version: '1.1.0', state: 'running' });
      expect([count(copy, 'start'), count(copy, 'restarting'), count(copy, 'error')]).toEqual([2, 1, 0]);
    });

    it('when it is started is looked for until it is there again', async () => {
      const program = await scene.place(await signedHost('1.0.0', node), 'home/app');
      const copy = await startWithout(program, () => rm(program));
      expect(await copy.hears('start')).toMatchObject({ state: 'failed' });
      await copy.hears('error', { during: 'start', code: 'PROGRAM_UNREADABLE' });
      await scene.place(await signedHost('1.0.0', node), 'home/app');
      await copy.hears('announced', { version: '1.0.0' });
    });
  });

  // Windows lets nobody delete it, and nothing is to be found for a target that no release is for.
  it.runIf(RUNS_TINY)(
    'that is deleted while it runs is an event, not the end of the host, and is not put back',
    async () => {
      const program = await scene.place(await signedHost('1.0.0', node), 'home/app');
      const copy = scene.start({ path: program, env: { APP_PREFLIGHT: 'off' } });
      await copy.hears('start', { state: 'running' });
      await rm(program);
      await copy.hears('error', { during: 'install', code: 'PROGRAM_UNREADABLE' });
      await scene.seed(tinyRelease('1.1.0'));
      await copy.hears('found', { version: '1.1.0' });
      const checks = count(copy, 'checked');
      await copy.hears('checked', {}, checks + 2);
      await copy.hears('announced', { version: '1.0.0' }, count(copy, 'announced'));
      await copy.hears('alive', {}, count(copy, 'alive'));
      expect(await programFolder(join(scene.folder, 'home'))).toEqual([]);
      expect(count(copy, 'installed')).toBe(0);
    },
  );

  // SIGTERM is told to nobody on Windows.
  it.runIf(RUNS_TINY)(
    'whose process is ended in the middle of a download keeps the old version, and the next download tidies up',
    async () => {
      const program = await scene.place(await signedHost('1.0.0', node), 'home/app');
      const copy = scene.start({ path: program, env: { APP_PREFLIGHT: 'off' } });
      await copy.hears('start');
      const stopSeeding = await scene.seed(tinyRelease('1.1.0', { sizeBytes: 100_000_000 }));
      await copy.hears('progress');
      copy.kill('SIGTERM');
      expect(await copy.ended).toEqual({ code: null, signal: 'SIGTERM' });
      expect(count(copy, 'installed')).toBe(0);
      await stopSeeding();
      const left = (await programFolder(join(scene.folder, 'home'))).filter((name) => name !== 'app');
      expect(left).toEqual([expect.stringMatching(/^\.app\.\d+-[0-9a-f]{8}-[0-9a-f]{64}\.peerpatch$/)]);

      // Three minutes later: what a living process writes to is never older than two.
      const then = new Date(Date.now() - 180_000);
      await utimes(join(scene.folder, 'home', left[0] ?? ''), then, then);
      const again = scene.start({ path: program, env: { APP_PREFLIGHT: 'off' } });
      expect(await again.hears('start')).toMatchObject({ version: '1.0.0', state: 'running' });
      await scene.seed(tinyRelease('1.2.0'));
      await again.hears('start', { version: '1.2.0' });
      expect(await programFolder(join(scene.folder, 'home'))).toEqual(['app']);
    },
  );

  it('whose host has nothing left to do ends by itself: the agent does not keep it alive', async () => {
    const program = await scene.place(await signedHost('1.0.0', node), join('home', APP));
    // Several: a thread that is cut off at the wrong moment aborts the process, about one time in five.
    for (let round = 0; round < 8; round++) {
      const copy = scene.start({ path: program, env: { APP_ENDS: '1' } });
      expect(await copy.hears('start')).toMatchObject({ state: 'running' });
      expect({ ...(await copy.ended), stderr: copy.stderr }).toEqual({ code: 0, signal: null, stderr: '' });
    }
  });
});

function count(copy: RunningHost, event: string): number {
  return copy.said.filter((said) => said.event === event).length;
}

function eventsOf(copy: RunningHost, ...events: readonly string[]): string[] {
  return copy.said
    .filter(({ event }) => events.includes(event))
    .map(({ event, version, code }) => [event, version ?? code].join(' '));
}
