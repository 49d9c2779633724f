/**
 * Restarts real executables made from each Node: with `execve` where it has it, through a thin parent where not.
 *
 * @module
 */
import { copyFile, mkdtemp, realpath, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { restartBehaviour } from '../fixtures/restart-behaviour.ts';
import { RunningHost } from '../fixtures/running-host.ts';
import { programName } from '../support/program-name.ts';
import { builtProgram, NO_AGENT } from './support/executables.ts';
import { nodesUnderTest } from './support/node-binaries.ts';

const hosts: RunningHost[] = [];
let folder = '';

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'peerpatch-test-')));
});
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
});

for (const { name, path: node, hasExecve } of await nodesUnderTest()) {
  describe(`an executable of ${name}, ${hasExecve ? 'by execve' : 'through a thin parent'}`, () => {
    let program = '';
    beforeAll(async () => {
      program = await builtProgram({
        entry: 'test/fixtures/restart-host.ts',
        version: '1.0.0',
        node,
        agentEntry: NO_AGENT,
      });
    });

    restartBehaviour({
      start: (options = {}) => {
        const host = new RunningHost({ path: program, ...options });
        hosts.push(host);
        return host;
      },
      keepsPid: hasExecve,
      folder: () => folder,
    });

    it('runs the file that has taken its place', async () => {
      const place = join(folder, programName(`program-${name}`));
      const other = await builtProgram({
        entry: 'test/fixtures/told-version.ts',
        version: '2.0.0',
        node,
        agentEntry: NO_AGENT,
      });
      await copyFile(program, place);
      await copyFile(other, `${place}.new`);
      const host = new RunningHost({ path: place, args: ['kept'] });
      hosts.push(host);
      expect((await host.hears('start'))['kind']).toBe('sea');
      // Windows renames a running program, and nothing over it.
      if (process.platform === 'win32') await rename(place, `${place}.old`);
      await rename(`${place}.new`, place);
      host.tell(`restart`);
      expect(await host.hears('second')).toMatchObject({ version: '2.0.0', args: ['kept'] });
      expect(await host.ended).toEqual({ code: 0, signal: null });
    });
  });
}
