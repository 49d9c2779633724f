/**
 * Trials of real programs: shell scripts in the place of a staged program.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import type * as ChildProcess from 'node:child_process';
import { chmodSync, closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { bundle } from '../../../src/io/build/bundle.ts';
import { runPreflight } from '../../../src/io/process/preflight.ts';
import { livingOf } from '../../support/living-processes.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

/** What Windows says of a program that cannot be shared at the moment is thrown, not told later. */
const onSpawn = vi.hoisted(() => ({ refuse: undefined as ((file: string) => boolean) | undefined }));
vi.mock('node:child_process', async (importOriginal) => {
  const real = await importOriginal<typeof ChildProcess>();
  const refusing = (file: string, ...rest: readonly unknown[]): unknown => {
    if (onSpawn.refuse?.(file) === true) throw Object.assign(new Error('spawn EBUSY'), { code: 'EBUSY' });
    return (real.spawn as (...args: readonly unknown[]) => unknown)(file, ...rest);
  };
  return { ...real, spawn: refusing };
});
afterEach(() => {
  onSpawn.refuse = undefined;
});

const folder = useTempFolder();
const release = { version: '1.1.0', id: 'ab'.repeat(32) };
const answer = (version = release.version, id = release.id): string =>
  `printf '{"peerpatch":1,"nonce":"%s","version":"${version}","id":"${id}"}\\n' "$PEERPATCH_PREFLIGHT" >&3`;

function program(script: string, interpreter = '/bin/sh'): string {
  const path = folder.join('staged');
  writeFileSync(path, `#!${interpreter}\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

function trial(script: string, timeoutMs = 10_000): Promise<void> {
  return runPreflight({ path: program(script), release, timeoutMs });
}

/** The module under test, for a process or thread of its own. */
async function preflightModule(): Promise<string> {
  const entry = join(import.meta.dirname, '../../../src/io/process/preflight.ts');
  const { code } = await bundle({ entry, nodeVersion: process.versions.node });
  const module = folder.join('preflight.cjs');
  writeFileSync(module, code);
  return module;
}

/** Of the processes that the script has written down. */
function alive(): number[] {
  return livingOf(folder.join('pids'));
}

describe.skipIf(process.platform !== 'linux')('a preflight', () => {
  it('is passed by a program that says what was expected and ends', async () => {
    await expect(trial(`${answer()}; echo much; echo ado >&2; exit 0`)).resolves.toBeUndefined();
  });

  it('gives the program no arguments, no stdin, and a group of its own', async () => {
    const facts = folder.join('facts');
    await trial(`{ echo "$# [$(cat)] $(cut -d' ' -f5 /proc/$$/stat) $$"; } > ${facts}; ${answer()}`);
    const [args, stdin, group, pid] = readFileSync(facts, 'utf8').trim().split(' ');
    expect([args, stdin, group]).toEqual(['0', '[]', pid]);
  });

  const bad: [name: string, script: string, message: RegExp][] = [
    [
      'ends with 1',
      'echo "cannot open the database" >&2; exit 1',
      /exit code 1 \(it wrote: cannot open the database\)/,
    ],
    ['ends with 1 after its answer', `${answer()}; exit 1`, /exit code 1/],
    ['says nothing', 'exit 0', /ended without saying its version.*not built with Peerpatch.*"preflight: false"/],
    ['says another version', answer('1.0.9'), /says that it is 1\.0\.9/],
    ['is another release of that version', answer('1.1.0', 'cd'.repeat(32)), /another release of the same version/],
    [
      'does not know the nonce',
      answer().replace('"$PEERPATCH_PREFLIGHT"', '0'.repeat(32)),
      /without saying its version/,
    ],
    ['says too much', `head -c 5000 /dev/zero | tr '\\0' x >&3; ${answer()}`, /without saying its version/],
    ['is killed', 'kill -SEGV $$', /killed by SIGSEGV/],
    ['writes what is no text', `printf '\\033[2J\\001x' >&2; exit 3`, /exit code 3 \(it wrote: \[2J x\)/],
  ];
  for (const [name, script, message] of bad) {
    it(`is not passed by one that ${name}`, async () => {
      await expect(trial(script)).rejects.toMatchObject({
        code: 'PREFLIGHT_FAILED',
        message: expect.stringMatching(message) as string,
      });
    });
  }

  it('is not passed by what the system cannot start', async () => {
    const fails = (path: string): Promise<void> => runPreflight({ path, release });
    await expect(fails(program('', '/no/such/interpreter'))).rejects.toMatchObject({
      code: 'PREFLIGHT_FAILED',
      message: expect.stringContaining('could not be started') as string,
    });
    const foreign = folder.join('foreign');
    writeFileSync(foreign, Buffer.from('7f454c460201010000000000000000000200b700', 'hex'), { mode: 0o755 });
    await expect(fails(foreign)).rejects.toMatchObject({ code: 'PREFLIGHT_FAILED' });
    await expect(fails(folder.join('missing'))).rejects.toMatchObject({ code: 'PREFLIGHT_FAILED' });
  });

  it('waits for who still has the file open for writing', async () => {
    const path = program(answer());
    const held = openSync(path, 'r+');
    setTimeout(() => { closeSync(held); }, 300); // prettier-ignore
    await runPreflight({ path, release });
  });

  it('waits for a scanner that has the file open, where that keeps it from being started', async () => {
    let refusals = 3;
    onSpawn.refuse = (file) => file.endsWith('staged') && refusals-- > 0;
    await trial(answer());
    expect(refusals).toBe(-1);
  });

  it('ends after its time, and takes with it what was started, in its group and outside', async () => {
    const pids = folder.join('pids');
    const script = `echo $$ >> ${pids}
      sleep 1000 & echo $! >> ${pids}
      setsid sh -c 'echo $$ >> ${pids}; trap "" TERM; sleep 1000' &
      sleep 0.2; ${answer()}; exec sleep 1000`;
    const started = performance.now();
    await expect(trial(script, 1500)).rejects.toMatchObject({
      code: 'PREFLIGHT_FAILED',
      message: expect.stringMatching(/within 1\.5 s .*"preflight: false"/) as string,
    });
    expect(performance.now() - started).toBeLessThan(5000);
    expect(readFileSync(pids, 'utf8').trim().split('\n').length).toBe(3);
    await expect.poll(alive, { timeout: 10_000 }).toEqual([]);
  });

  it('takes with it what was left behind by a program that passed', async () => {
    await trial(`setsid sleep 1000 & echo $! >> ${folder.join('pids')}; ${answer()}; exit 0`);
    await expect.poll(alive, { timeout: 10_000 }).toEqual([]);
  });

  it('of a program that prints without end is bounded in memory', async () => {
    const before = process.memoryUsage().rss;
    await expect(trial('yes >&2', 1500)).rejects.toMatchObject({ code: 'PREFLIGHT_FAILED' });
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
    await trial(`head -c 20000000 /dev/zero; head -c 20000000 /dev/zero >&2; ${answer()}`);
  });

  it('ends at once when it is stopped', async () => {
    const stop = new AbortController();
    const running = runPreflight({
      path: program(`echo $$ >> ${folder.join('pids')}; exec sleep 1000`),
      release,
      signal: stop.signal,
    });
    setTimeout(() => { stop.abort(); }, 300); // prettier-ignore
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect.poll(alive, { timeout: 10_000 }).toEqual([]);
  });

  it('ends with the process that asks, even when that is killed', async () => {
    const path = program(`echo $$ >> ${folder.join('pids')}; sleep 1000 & exec sleep 1000`);
    const asker = spawn(
      process.execPath,
      ['-e', `require(${JSON.stringify(await preflightModule())}).runPreflight(${JSON.stringify({ path, release })})`],
      { stdio: 'ignore' },
    );
    await expect.poll(alive, { timeout: 10_000 }).toHaveLength(1);
    asker.kill('SIGKILL');
    await expect.poll(alive, { timeout: 10_000 }).toEqual([]);
  });

  it('works in a worker thread', async () => {
    const module = await preflightModule();
    const path = program(answer());
    const worker = new Worker(
      `require(${JSON.stringify(module)}).runPreflight(require('node:worker_threads').workerData)
        .then(() => 'passed', ({ message }) => message).then((said) => require('node:worker_threads').parentPort.postMessage(said));`,
      { eval: true, workerData: { path, release } },
    );
    const said = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    await worker.terminate();
    expect(said).toBe('passed');
  });
});
