/**
 * The test tiers. Each is a project of its own, so that a slow tier never hides in a fast one.
 *
 * @module
 */
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** One more than there are processors: many tests wait for a clock or a process. The default is one less. */
const maxWorkers = availableParallelism() + 1;

const tier = (name: string, include: string[], testTimeout: number, exclude: string[] = []) => ({
  test: { name, include, exclude, testTimeout, hookTimeout: testTimeout, maxWorkers, environment: 'node' as const },
});

/** A tier with few workers must run apart from the others. */
const alone = ({ test }: ReturnType<typeof tier>) => ({
  test: { ...test, maxWorkers: 2, sequence: { groupOrder: 1 } },
});

/** One file after the other. */
const interop = ({ test }: ReturnType<typeof tier>) => ({ test: { ...test, maxWorkers: 1, fileParallelism: false } });

/** About text, which is the same everywhere: its paths are written with `/`. */
const TEXT = process.platform === 'win32' ? ['test/{docs,faults}/**'] : [];

/** New versions that undo themselves. */
const CRASHES = ['test/e2e/probation*.test.ts'];

export default defineConfig({
  test: {
    projects: [
      tier('unit', ['test/{core,ports,io,agent,start,tools,testing,docs,public,faults}/**/*.test.ts'], 20_000, TEXT),
      tier('contract', ['test/contract/**/*.test.ts'], 60_000),
      tier('cli', ['test/cli/**/*.test.ts'], 60_000),
      tier('fuzz', ['test/fuzz/**/*.test.ts'], 600_000),
      tier('mirror', ['test/mirror/**/*.test.ts'], 60_000),
      tier('arm64', ['test/arm64/**/*.test.ts'], 300_000),
      tier('libtorrent', ['test/libtorrent/**/*.test.ts'], 120_000),
      // The cases share one machine and its fixed ports; test/interop/run.ts makes it.
      interop(tier('interop', ['test/interop/**/*.test.ts'], 120_000)),
      // Each file runs whole programs: more than two at once would only wait for each other.
      alone(tier('e2e', ['test/e2e/**/*.test.ts'], 300_000, CRASHES)),
      // Run and counted by `npm run test:faults`.
      alone(tier('crash', CRASHES, 300_000)),
    ],
  },
});
