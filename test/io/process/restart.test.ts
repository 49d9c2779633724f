/**
 * Restarts real processes that run a script with this Node: by execve where it has it, else through a thin parent.
 * test/e2e/restart.test.ts does the same with executables of several Node versions.
 *
 * @module
 */
import { mkdtemp, realpath, rm, writeFile, chmod, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { bundle } from '../../../src/io/build/bundle.ts';
import { restartProcess } from '../../../src/io/process/restart.ts';
import { RunningHost, type HostOptions } from '../../fixtures/running-host.ts';
import { restartBehaviour } from '../../fixtures/restart-behaviour.ts';

const IS_WINDOWS = process.platform === 'win32';
let folder = '';
let script = '';
const hosts: RunningHost[] = [];

function start(options: Omit<HostOptions, 'path'> = {}): RunningHost {
  const host = new RunningHost({ path: process.execPath, ...options, args: [script, ...(options.args ?? [])] });
  hosts.push(host);
  return host;
}

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'peerpatch-test-')));
  script = join(folder, 'restart-host.cjs');
  const entry = join(import.meta.dirname, '../../fixtures/restart-host.ts');
  const { code } = await bundle({ entry, nodeVersion: process.versions.node });
  await writeFile(script, code);
});
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('restartProcess in a script', () => {
  restartBehaviour({ start, keepsPid: process.execve !== undefined && !IS_WINDOWS, folder: () => folder });

  it('repeats the flags of the runtime', async () => {
    const host = new RunningHost({ path: process.execPath, args: ['--max-old-space-size=99', script, 'x'], env: {} });
    hosts.push(host);
    const first = await host.hears('start');
    expect(first['args']).toEqual(['--max-old-space-size=99', script, 'x']);
    host.tell('restart');
    expect((await host.hears('start', { generation: 1 }))['args']).toEqual(first['args']);
  });
});

describe.skipIf(IS_WINDOWS)('restartProcess by execve', () => {
  it.each([true, false])('starts a guard, whether there is a thin parent or not (%s)', async (isThere) => {
    const own = Object.getOwnPropertyDescriptor(process, 'execve');
    const execve = vi.fn((): never => {
      throw new Error('not in a test');
    });
    Object.defineProperty(process, 'execve', { value: execve, configurable: true });
    try {
      const stop = vi.fn();
      const startGuard = vi.fn(() => Promise.resolve({ env: { GUARDED: 'yes' }, stop }));
      const isToStartAgain = () => Promise.resolve(false);
      const parent = { isThere: () => isThere, requestRestart: () => false };
      const restart = restartProcess({
        ...{ path: process.execPath, argv0: 'app', args: ['x'], env: { A: 'a' } },
        ...{ parent, watch: { startGuard, isToStartAgain } },
      });
      await expect(restart).rejects.toMatchObject({ code: 'RESTART_FAILED' });
      const thinParent = isThere ? process.ppid : undefined;
      expect(startGuard).toHaveBeenCalledWith({ argv0: 'app', args: ['x'], env: { A: 'a' }, thinParent });
      const link = isThere ? { PEERPATCH_PARENT_PID: String(process.ppid) } : {};
      expect(execve).toHaveBeenCalledWith(process.execPath, ['app', 'x'], { A: 'a', GUARDED: 'yes', ...link });
      expect(stop).toHaveBeenCalledOnce();
    } finally {
      if (own === undefined) Reflect.deleteProperty(process, 'execve');
      else Object.defineProperty(process, 'execve', own);
    }
  });
});

describe('restartProcess refuses', () => {
  const unusable: [name: string, make: () => Promise<string>][] = [
    ['a path where nothing is', () => Promise.resolve(join(folder, 'missing'))],
    // On Windows by its content alone: every file may be run.
    ['a file that is not executable', () => file('plain', 'x', 0o644)],
    ['an executable file of no known format', () => file('junk', 'junk', 0o755)],
    ['an empty file', () => file('empty', '', 0o755)],
    ['a folder', async () => (await mkdir(join(folder, 'folder')), join(folder, 'folder'))],
  ];
  for (const [name, make] of unusable) {
    it(`${name}, and the old program goes on`, async () => {
      const host = start();
      await host.hears('start');
      host.tell(`restart ${await make()}`);
      expect((await host.hears('restart-failed'))['code']).toBe('RESTART_FAILED');
      host.tell('still there');
      await host.hears('echo', { line: 'still there', generation: 0 });
    });
  }

  it('a call from a worker thread', async () => {
    const { code } = await bundle({
      entry: join(import.meta.dirname, '../../../src/io/process/restart.ts'),
      nodeVersion: process.versions.node,
    });
    const module = join(folder, 'restart.cjs');
    await writeFile(module, code);
    const worker = new Worker(
      `require(${JSON.stringify(module)}).restartProcess({ path: process.execPath })
        .catch((error) => require('node:worker_threads').parentPort.postMessage(error.code));`,
      { eval: true },
    );
    const answer = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    await worker.terminate();
    expect(answer).toBe('RESTART_FAILED');
  });
});

async function file(name: string, content: string, mode: number): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  await chmod(path, mode);
  return path;
}
