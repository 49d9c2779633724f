/**
 * Families of real processes whose parent is killed: shell scripts that note their process IDs.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../../src/io/build/bundle.ts';
import { livingOf } from '../../support/living-processes.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const folder = useTempFolder();
const MARK = `PEERPATCH_TEST_MARK=${'5e'.repeat(16)}`;
let watching: Uint8Array;

beforeAll(async () => {
  const entry = join(import.meta.dirname, '../../../src/io/process/process-group.ts');
  ({ code: watching } = await bundle({ entry, nodeVersion: process.versions.node }));
});

const pids = (): string => folder.join('pids');
const alive = (): number[] => livingOf(pids());

interface Acts {
  readonly script: string;
  /** JavaScript, with `watch` and `child`. */
  readonly afterwards: string;
}

/** A process that watches over a family, and is killed when that has noted `members`. */
async function killedParent({ script, afterwards }: Acts, members: number): Promise<void> {
  const module = folder.join('process-group.cjs');
  writeFileSync(module, watching);
  const acts = `const { watchOverFamily } = require(${JSON.stringify(module)});
    const [name, value] = ${JSON.stringify(MARK)}.split('=');
    const watch = watchOverFamily(name + '=' + value);
    const child = require('node:child_process').spawn('/bin/sh', ['-c', ${JSON.stringify(script)}],
      { env: { ...process.env, [name]: value }, stdio: 'ignore', detached: true });
    ${afterwards};
    setInterval(() => undefined, 1000);`;
  const parent = spawn(process.execPath, ['-e', acts], { stdio: 'ignore' });
  await expect.poll(alive, { timeout: 10_000 }).toHaveLength(members);
  parent.kill('SIGKILL');
}

describe.skipIf(process.platform !== 'linux')('a watch over a family', () => {
  it('ends the group, and who has left it, with a parent that is killed', async () => {
    const script = `echo $$ >> ${pids()}; sleep 1000 & echo $! >> ${pids()}; setsid sleep 1000 & echo $! >> ${pids()}; wait`;
    await killedParent({ script, afterwards: 'watch.started(child)' }, 3);
    await expect.poll(alive, { timeout: 10_000 }).toEqual([]);
  });

  it('ends a child whose parent is killed before it could say who that is', async () => {
    await killedParent({ script: `echo $$ >> ${pids()}; exec sleep 1000`, afterwards: '' }, 1);
    await expect.poll(alive, { timeout: 10_000 }).toEqual([]);
  });

  it('ends nobody once it was stopped', async () => {
    const stopped = folder.join('stopped');
    const script = `until [ -e ${stopped} ]; do sleep 0.05; done; echo $$ >> ${pids()}; exec sleep 3`;
    const note = `require('node:fs').writeFileSync(${JSON.stringify(stopped)}, '')`;
    await killedParent({ script, afterwards: `watch.started(child); watch.stop(); ${note}` }, 1);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(alive()).toHaveLength(1);
  });
});
