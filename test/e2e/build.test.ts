/**
 * Executables made from each Node, run where there is nothing else: no Node, no node_modules, no environment.
 *
 * @module
 */
import { execFile, execFileSync } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatVersion } from '../../src/core/release/version.ts';
import { decodeReleaseRegion } from '../../src/core/release/region.ts';
import { createMeasure } from '../../src/core/stamp/measure.ts';
import { buildProgram } from '../../src/tools/build-program.ts';
import { builtProgram, NO_AGENT } from './support/executables.ts';
import { nodesUnderTest } from './support/node-binaries.ts';

const run = promisify(execFile);
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerpatch-test-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

for (const { name, path: node } of await nodesUnderTest()) {
  describe(`an executable of ${name}`, () => {
    let program = '';
    let empty = '';
    beforeAll(async () => {
      const options = { entry: 'test/fixtures/carried.ts', version: '3.2.1', node, agentEntry: NO_AGENT };
      empty = await mkdtemp(join(folder, 'empty-'));
      program = join(empty, 'app');
      await copyFile(await builtProgram(options), program);
    });

    it('carries one region, unsigned, bound to its place, with the version', async () => {
      const measure = createMeasure();
      measure.update(await readFile(program));
      const { region, bound } = measure.finish();
      expect(bound).toBe('anchor');
      expect(() => decodeReleaseRegion(region)).toThrow(expect.objectContaining({ code: 'RELEASE_UNSIGNED' }) as Error);
      expect(Buffer.from(region.subarray(132, 148)).toString()).toBe('3.2.1'.padEnd(16, '\0'));
    });

    it('runs in an empty folder and environment, and its addon loads', async () => {
      const home = join(empty, 'home');
      await mkdir(home);
      const { stdout, stderr } = await run(program, ['a', ''], { cwd: empty, env: { HOME: home } });
      expect(JSON.parse(stdout)).toEqual({
        kind: 'sea',
        path: program,
        version: formatVersion({ major: 3, minor: 2, patch: 1 }),
        args: ['a', ''],
        meta: `file://${program}`,
        addonFolder: join(home, '.cache/peerpatch'),
        addonLoads: true,
        worker: { agent: true, none: true },
      });
      expect(stderr).toBe('');
      expect((await readdir(empty)).sort()).toEqual(['app', 'home']);
    });

    it.runIf(process.getuid?.() === 0 && process.platform === 'linux')(
      'runs in a root folder with its C library alone',
      async () => {
        const root = await mkdtemp(join(folder, 'root-'));
        const listed = execFileSync('ldd', [program], { encoding: 'utf8' });
        for (const library of listed.match(/\/\S+/g) ?? []) {
          await mkdir(join(root, dirname(library)), { recursive: true });
          await cp(library, join(root, library), { dereference: true });
        }
        await mkdir(join(root, 'tmp'));
        await copyFile(program, join(root, 'app'));
        const { stdout } = await run('chroot', [root, '/app'], { env: { HOME: '/home', PATH: process.env['PATH'] } });
        expect(JSON.parse(stdout)).toMatchObject({
          path: '/app',
          addonFolder: '/home/.cache/peerpatch',
          addonLoads: true,
        });
      },
    );
  });
}

describe('a build', () => {
  it('makes the same file wherever and whenever it runs, and tells nobody where', async () => {
    const [first, second] = await Promise.all(
      ['here', 'somewhere else'].map(async (place) => {
        const home = join(folder, place);
        await mkdir(home);
        const out = join(home, 'app');
        await buildProgram({
          entry: join(import.meta.dirname, '../fixtures/carried.ts'),
          out,
          appVersion: '1.0.0',
          agentEntry: NO_AGENT,
        });
        return readFile(out);
      }),
    );
    expect(first?.equals(second ?? new Uint8Array())).toBe(true);
    expect(first?.includes(folder)).toBe(false);
  });
});
