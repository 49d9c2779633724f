/**
 * When an update starts running, and programs that are not to be updated at all: real executables, small releases.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { open, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MINUTE_MS } from '../../src/core/base/units.ts';
import { bundle } from '../../src/io/build/bundle.ts';
import { inspectProgram } from '../../src/tools/inspect-program.ts';
import type { RunningHost } from '../fixtures/running-host.ts';
import { keptBeside, programFolder } from './support/program-folder.ts';
import { signedHost, STRANGER_PUBLIC_KEY, tinyRelease, unsignedHost } from './support/releases.ts';
import { openScene, type Scene } from './support/scene.ts';

const NODE = process.execPath;
/** The agent looks at the clock every five seconds, with jitter; then the process is replaced. */
const LATEST_RESTART_MS = 15_000;
/** From the start of a copy to its installed update. */
const INSTALL_MS = 15_000;
let scene: Scene;

beforeEach(async () => {
  scene = await openScene();
});
afterEach(async () => {
  await scene.end();
});

describe('mode on-restart', () => {
  it('replaces the file and leaves the process alone; the next start runs the update', async () => {
    const program = await scene.place(await signedHost('1.0.0', NODE), 'home/app');
    const copy = scene.start({ path: program, env: { APP_MODE: 'on-restart', APP_PREFLIGHT: 'off' } });
    await copy.hears('start');
    const release = tinyRelease('1.1.0');
    await scene.seed(release);
    await copy.hears('waiting', { version: '1.1.0' });
    await copy.hears('state', { state: 'waiting' });
    expect((await readFile(program)).equals(release.file)).toBe(true);

    // It offers what is in the file now, and runs on as what it was.
    await copy.hears('announced', { version: '1.1.0' }, 1);
    await copy.hears('alive', {}, count(copy, 'alive') + 5);
    expect(count(copy, 'start') + count(copy, 'restarting')).toBe(1);
    const next = scene.start({ path: program });
    expect(await next.hears('start')).toMatchObject({ version: '1.1.0' });
  });

  it('a still newer release replaces the file again', async () => {
    const program = await scene.place(await signedHost('1.0.0', NODE), 'home/app');
    const copy = scene.start({ path: program, env: { APP_MODE: 'on-restart', APP_PREFLIGHT: 'off' } });
    const stopFirst = await scene.seed(tinyRelease('1.1.0'));
    await copy.hears('installed', { version: '1.1.0', from: '1.0.0' });
    await stopFirst();
    await scene.seed(tinyRelease('1.2.0'));
    await copy.hears('installed', { version: '1.2.0', from: '1.1.0' });
    // It has the lock until it has read what it installed.
    await expect.poll(() => programFolder(dirname(program)), { timeout: 30_000 }).toEqual(['app']);
    // The one that runs, and the one that never did.
    expect(await keptBeside(program)).toEqual(['journal', 'lock/#', 'previous/1.0.0~', 'previous/1.1.0~']);
  });
});

describe('mode at HH:MM', () => {
  it('restarts at that time and not before', async () => {
    const program = await scene.place(await signedHost('1.0.0', NODE), 'home/app');
    const release = tinyRelease('1.1.0');
    await scene.seed(release);
    // The first full minute that leaves time to install before it.
    const due = Math.ceil((Date.now() + INSTALL_MS) / MINUTE_MS) * MINUTE_MS;
    const [hour, minute] = [new Date(due).getHours(), new Date(due).getMinutes()];
    const time = [hour, minute].map((part) => String(part).padStart(2, '0')).join(':');
    const copy = scene.start({
      path: program,
      env: { APP_MODE: `at ${time}`, APP_PREFLIGHT: 'off', TZ: process.env['TZ'] ?? '' },
    });
    expect((await copy.hears('waiting', { version: '1.1.0' }))['restartAt']).toBe(due);
    expect(Date.now()).toBeLessThan(due);
    expect((await readFile(program)).equals(release.file)).toBe(true);
    await copy.hears('restarting', { version: '1.1.0' });
    expect(Date.now()).toBeGreaterThanOrEqual(due);
    await copy.hears('start', { version: '1.1.0' });
    expect(Date.now()).toBeLessThan(due + LATEST_RESTART_MS);
  });
});

describe('disabled, with the reason, and the host runs on:', () => {
  const programs: [name: string, make: () => Promise<string>, reason: RegExp][] = [
    ['an unsigned program', () => unsignedHost('1.0.0', NODE), /^RELEASE_UNSIGNED: /],
    [
      'a program with a byte too many',
      async () => altered(await signedHost('1.0.0', NODE), 'end'),
      /^RELEASE_MISMATCH: /,
    ],
    [
      'a program with another version in its region',
      async () => altered(await signedHost('1.0.0', NODE), 'version'),
      /^RELEASE_BAD_SIGNATURE: /,
    ],
  ];
  for (const [name, make, reason] of programs) {
    it(name, async () => {
      const copy = scene.start({ path: await scene.place(await make(), 'home/app') });
      await expectDisabled(copy, reason);
    });
  }

  it("a program with another owner's key in its code", async () => {
    const program = await scene.place(await signedHost('1.0.0', NODE), 'home/app');
    const copy = scene.start({ path: program, env: { APP_PUBLIC_KEY: STRANGER_PUBLIC_KEY } });
    await expectDisabled(copy, /^RELEASE_BAD_SIGNATURE: /);
  });

  it('a script', async () => {
    const entry = join(import.meta.dirname, 'support/updating-host.ts');
    const { code } = await bundle({ entry, nodeVersion: process.versions.node });
    const script = join(scene.folder, 'app.cjs');
    await writeFile(script, code);
    await expectDisabled(scene.start({ path: NODE, args: [script] }), /^running from source: /);
  });

  async function expectDisabled(copy: RunningHost, reason: RegExp): Promise<void> {
    const said = await copy.hears('start');
    expect(said['state']).toBe('disabled');
    expect(said['reason']).toMatch(reason);
    await scene.seed(tinyRelease('1.1.0'));
    await copy.hears('alive', {}, count(copy, 'alive') + 3);
    expect(copy.said.filter(({ event }) => ['checking', 'found', 'announced', 'error'].includes(event))).toEqual([]);
    expect(copy.stderr).toBe('');
  }

  /** Altered where it does not matter to whoever runs it. */
  async function altered(program: string, where: 'end' | 'version'): Promise<string> {
    const path = join(scene.folder, `altered-${where}`);
    await promisify(execFile)('cp', [program, path]);
    const { offset, fileBytes } = await inspectProgram(path);
    const file = await open(path, 'r+');
    try {
      if (where === 'end') await file.write('x', fileBytes);
      else await file.write('1.0.1', offset + 132);
    } finally {
      await file.close();
    }
    return path;
  }
});

function count(copy: RunningHost, event: string): number {
  return copy.said.filter((said) => said.event === event).length;
}
