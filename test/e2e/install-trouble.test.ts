/**
 * Folders that cannot be written and disks that are full, under real executables: an event, the old program, and the
 * update as soon as the trouble is gone.
 *
 * @module
 */
import { chmod, chown, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canMount, mount, unmount } from '../support/temp-folder.ts';
import { programFolder } from './support/program-folder.ts';
import { signedHost, tinyRelease } from './support/releases.ts';
import { openScene, type Scene } from './support/scene.ts';

const NODE = process.execPath;
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
let scene: Scene;

beforeEach(async () => {
  scene = await openScene();
  await chmod(scene.folder, 0o755);
});
afterEach(async () => {
  await scene.end();
});

describe('a folder the user may not write', () => {
  it('is an event with the fix; the old program runs on, and starts again', async () => {
    const program = await scene.place(await signedHost('1.0.0', NODE), 'home/app');
    const home = join(scene.folder, 'home');
    const cache = join(scene.folder, 'cache');
    await mkdir(cache);
    // Permissions do not stop root: then the copy runs as somebody else.
    if (isRoot) await Promise.all([cache, program].map((path) => chown(path, NOBODY, NOBODY)));
    else await chmod(home, 0o555);
    const start = () =>
      scene.start({
        ...(isRoot
          ? { path: 'setpriv', args: ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups', program] }
          : { path: program }),
        env: { XDG_CACHE_HOME: cache, XDG_STATE_HOME: cache },
      });
    try {
      const copy = start();
      expect(await copy.hears('start')).toMatchObject({ version: '1.0.0', state: 'running' });
      await scene.seed(tinyRelease('1.1.0'));
      const { message } = await copy.hears('error', { during: 'install', code: 'INSTALL_NOT_WRITABLE' });
      expect(message).toContain(`chown ${isRoot ? NOBODY : String(process.getuid?.())} '${home}'`);
      // It goes on offering what it has.
      const announced = copy.said.filter(({ event }) => event === 'announced').length;
      await copy.hears('announced', { version: '1.0.0' }, announced);
      await copy.hears('checked', {}, copy.said.filter(({ event }) => event === 'checked').length + 2);
      expect(copy.said.filter(({ event }) => event === 'error')).toEqual([
        expect.objectContaining({ code: 'INSTALL_NOT_WRITABLE' }),
      ]);
      expect(await programFolder(home)).toEqual(['app']);
      copy.kill('SIGTERM');
      await copy.ended;
      expect(await start().hears('start')).toMatchObject({ version: '1.0.0', state: 'running' });
    } finally {
      await chmod(home, 0o755);
    }
  });

  it.runIf(isRoot)('that is immutable is told apart from one of another user', async () => {
    const program = await scene.place(await signedHost('1.0.0', NODE), 'home/app');
    const home = join(scene.folder, 'home');
    await promisify(execFile)('chattr', ['+i', home]);
    try {
      const copy = scene.start({ path: program, env: { APP_PREFLIGHT: 'off' } });
      await scene.seed(tinyRelease('1.1.0'));
      const { message } = await copy.hears('error', { during: 'install', code: 'INSTALL_NOT_WRITABLE' });
      expect(message).toContain('chattr -i');
      expect(await programFolder(home)).toEqual(['app']);
    } finally {
      await promisify(execFile)('chattr', ['-i', home]);
    }
  });
});

describe.runIf(canMount())('a full disk', () => {
  it('is an event; the old program starts again; with space the update comes by itself', async () => {
    const source = await signedHost('1.0.0', NODE);
    const { size } = await stat(source);
    const disk = join(scene.folder, 'disk');
    await mkdir(disk);
    mount(disk, `${String(Math.ceil(size / 1024) + 8 * 1024)}k`);
    try {
      const program = await scene.place(source, 'disk/app');
      const filler = join(disk, 'filler');
      await writeFile(filler, new Uint8Array(6 * 1024 ** 2));
      const release = tinyRelease('1.1.0', { sizeBytes: 3 * 1024 ** 2 });
      await scene.seed(release);

      const first = scene.start({ path: program, env: { APP_PREFLIGHT: 'off' } });
      await first.hears('error', { during: 'install', code: 'INSTALL_NO_SPACE' });
      expect(await programFolder(disk)).toEqual(['app', 'filler']);
      first.kill('SIGTERM');
      await first.ended;

      const copy = scene.start({ path: program, env: { APP_PREFLIGHT: 'off' } });
      expect(await copy.hears('start')).toMatchObject({ version: '1.0.0', state: 'running' });
      await copy.hears('error', { during: 'install', code: 'INSTALL_NO_SPACE' });
      await rm(filler);
      const freedAt = Date.now();
      await copy.hears('start', { version: '1.1.0' });
      expect(Date.now() - freedAt).toBeLessThan(90_000); // the pause after a failure is a minute
      expect((await readFile(program)).equals(release.file)).toBe(true);
      expect(await programFolder(disk)).toEqual(['app']);
    } finally {
      unmount(disk);
    }
  });
});
