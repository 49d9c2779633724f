/**
 * What the build refuses and how it stops. That what it makes runs is shown in test/e2e/build.test.ts.
 *
 * @module
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildProgram, type BuildProgramOptions, type BuildStep } from '../../src/tools/build-program.ts';

const AGENT = join(import.meta.dirname, '../fixtures/no-agent.ts');
let folder = '';
let out = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerpatch-test-'));
  out = join(folder, 'out/app');
  await mkdir(join(folder, 'out'));
  await writeFile(join(folder, 'app.ts'), 'console.log(1);');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function build(options: Partial<BuildProgramOptions> = {}): ReturnType<typeof buildProgram> {
  return buildProgram({ entry: join(folder, 'app.ts'), out, appVersion: '1.0.0', agentEntry: AGENT, ...options });
}

describe('buildProgram refuses', () => {
  const refused: [name: string, options: () => Partial<BuildProgramOptions>, code: string, message: RegExp][] = [
    ['an entry that is not there', () => ({ entry: join(folder, 'no.ts') }), 'BUILD_FAILED', /no\.ts is not a file/],
    ['a folder as entry', () => ({ entry: folder }), 'BUILD_FAILED', /is not a file/],
    [
      'an entry that does not bundle',
      () => ({ entry: join(folder, 'bad.ts') }),
      'BUILD_FAILED',
      /bad\.ts:1:1: Top-level await/,
    ],
    ['an agent that does not bundle', () => ({ agentEntry: join(folder, 'bad.ts') }), 'BUILD_FAILED', /bad\.ts:1:1/],
    [
      'a folder that is not there',
      () => ({ out: join(folder, 'missing/app') }),
      'BUILD_FAILED',
      /cannot write to .*missing/,
    ],
    ['a folder as result', () => ({ out: join(folder, 'out') }), 'BUILD_FAILED', /is a folder/],
    ['a version with build metadata', () => ({ appVersion: '1.0.0+1' }), 'VERSION_MALFORMED', /without build metadata/],
    ['a pre-release too long', () => ({ appVersion: '1.0.0-rc.12345678' }), 'VERSION_MALFORMED', /at most 16 char/],
    ['a version too long', () => ({ appVersion: '12345.67890.12345' }), 'VERSION_MALFORMED', /17 characters/],
    ['a binary that is no Node', () => ({ node: import.meta.filename }), 'BUILD_FAILED', /not a Node binary/],
  ];
  for (const [name, options, code, message] of refused) {
    it(`${name}, and leaves nothing`, async () => {
      await writeFile(join(folder, 'bad.ts'), 'await 1; export {};');
      await expect(build(options())).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
      expect(await readdir(join(folder, 'out'))).toEqual([]);
    });
  }

  it('a version too long before it begins to bundle', async () => {
    const steps: BuildStep[] = [];
    const building = build({ appVersion: '12345.67890.12345', onProgress: (step) => steps.push(step) });
    await expect(building).rejects.toMatchObject({ code: 'VERSION_MALFORMED' });
    expect(steps).toEqual(['inspect']);
  });

  it('to touch an earlier result when it fails', async () => {
    await writeFile(out, 'earlier');
    await expect(build({ node: import.meta.filename })).rejects.toMatchObject({ code: 'BUILD_FAILED' });
    expect(await readFile(out, 'utf8')).toBe('earlier');
    expect(await readdir(join(folder, 'out'))).toEqual(['app']);
  });
});

describe('a build that is stopped', () => {
  for (const at of ['inspect', 'bundle', 'pack', 'inject', 'check'] as const satisfies readonly BuildStep[]) {
    it(`during "${at}" leaves nothing`, async () => {
      const stop = new AbortController();
      const steps: BuildStep[] = [];
      const onProgress = (step: BuildStep): void => {
        steps.push(step);
        // Not at once: the step is to be under way.
        if (step === at)
          setImmediate(() => {
            stop.abort();
          });
      };
      await expect(build({ onProgress, signal: stop.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
      expect(steps.at(-1)).toBe(at);
      expect(await readdir(join(folder, 'out'))).toEqual([]);
    });
  }

  it('before it began does nothing', async () => {
    const steps: BuildStep[] = [];
    const onProgress = (step: BuildStep): void => void steps.push(step);
    await expect(build({ onProgress, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(steps).toEqual([]);
  });
});
