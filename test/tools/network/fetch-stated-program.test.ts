import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { sampleProgram, signSampleStatement } from '../../../src/testing/sample-program.ts';
import { fetchStatedProgram } from '../../../src/tools/network/fetch-stated-program.ts';
import { openNetworkScene, type NetworkScene } from '../../support/network-scene.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const SIZE_BYTES = 6_000_000;
const NAME = { app: 'sample', target: 'linux-x64', channel: 'stable' };

const folder = useTempFolder();
let scene: NetworkScene;

beforeEach(async () => {
  vi.stubEnv('XDG_STATE_HOME', folder.join('state'));
  vi.stubEnv('XDG_CACHE_HOME', folder.join('cache'));
  scene = await openNetworkScene();
});
afterEach(async () => {
  await scene.end();
  vi.unstubAllEnvs();
});

it('goes on where a stopped download was, and leaves nothing but the program', async () => {
  const { file } = signSampleStatement(sampleProgram({ version: '1.1.0', sizeBytes: SIZE_BYTES }), scene.owner);
  writeFileSync(folder.join('seeded'), file);
  await scene.seed(folder.join('seeded'));
  const stop = new AbortController();
  const options = { ...scene.peer, name: NAME, out: folder.join('app') };
  const beside = (): string[] => folder.list().filter((name) => name.includes('app'));

  let heldBytes = 0;
  const stopped = fetchStatedProgram({
    ...options,
    signal: stop.signal,
    onProgress: (bytes) => {
      heldBytes = bytes;
      if (bytes > SIZE_BYTES / 3) stop.abort();
    },
  });
  await expect(stopped).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(beside()).toEqual([expect.stringMatching(/^\.app\..*\.peerpatch$/)]);

  const plans: string[] = [];
  const { receivedBytes, statement, from } = await fetchStatedProgram({
    ...options,
    onPlan: (way) => plans.push(way),
  });
  expect(receivedBytes).toBeLessThan(SIZE_BYTES - heldBytes + 100_000); // pages and statement come again
  expect({ version: statement.version, plans }).toEqual({ version: '1.1.0', plans: ['chunks'] });
  expect(from).toMatch(/^peer [0-9a-f]+$/);
  expect(readFileSync(folder.join('app')).equals(file)).toBe(true);
  expect(beside()).toEqual(['app']);
});
