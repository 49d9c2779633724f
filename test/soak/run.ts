/**
 * `npm run soak`: many copies, a release every minute, one in five bad; kills, network cuts and clock jumps all the time. At the
 * end every copy runs the newest good version, and nothing has grown.
 *
 * SOAK_MINUTES (default 30), SOAK_COPIES (20), SOAK_RELEASE_SECONDS (60). In a network namespace of its own, where cutting one
 * copy off is a route to nowhere. Needs Linux, unshare, ip and gcc. Exit code 1 when something is not as it should be.
 *
 * @module
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startPrivateDht } from '../../src/testing/private-dht.ts';
import { builtProgram } from '../e2e/support/executables.ts';
import { nodesUnderTest } from '../e2e/support/node-binaries.ts';
import { copyProgram, PUBLIC_KEY } from '../e2e/support/releases.ts';
import { Copy } from './copy.ts';
import { judge } from './judge.ts';
import { SoakOwner } from './owner.ts';

const minutes = Number(process.env['SOAK_MINUTES'] ?? 30);
const count = Number(process.env['SOAK_COPIES'] ?? 20);
const releaseSeconds = Number(process.env['SOAK_RELEASE_SECONDS'] ?? 60);
const ONE_BAD_IN = 5;
/** Every so many copies one runs the file of the copy before it. */
const SHARES_EVERY = 5;
const TROUBLE_EVERY_MS = 4000;
const LONGEST_CUT_MS = 15_000;
const CALM_MS = 180_000;

if (process.env['SOAK_INSIDE'] === undefined) {
  const args = [
    '--user',
    '--map-root-user',
    '--net',
    '--',
    process.execPath,
    ...process.execArgv,
    ...process.argv.slice(1),
  ];
  const { status } = spawnSync('unshare', args, { stdio: 'inherit', env: { ...process.env, SOAK_INSIDE: '1' } });
  process.exitCode = status ?? 1;
} else await soak();

async function soak(): Promise<void> {
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'peerpatch-soak-')));
  const shim = join(folder, 'clock.so');
  execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-o', shim, join(import.meta.dirname, 'clock.c'), '-ldl']);
  const nodes = await nodesUnderTest();
  const node = nodes.find(({ hasExecve }) => hasExecve) ?? nodes[0];
  // The shared one may be swept while this runs.
  const base = join(folder, 'base');
  await copyProgram(await builtProgram({ entry: 'test/soak/host.ts', version: '1.0.0', node: node.path }), base);
  const dht = await startPrivateDht({ nodes: 8 });
  const owner = new SoakOwner(base, folder, dht);
  const first = await owner.sign(true);
  const copies: Copy[] = [];
  for (let index = 0; index < count; index++) {
    const isSharing = index % SHARES_EVERY === SHARES_EVERY - 1;
    const own = join(folder, `copy-${index}`);
    mkdirSync(join(own, 'bin'), { recursive: true });
    const path = isSharing ? (copies[index - 1]?.path ?? '') : join(own, 'bin', 'app');
    if (!isSharing) await copyProgram(first.path, path);
    const env = {
      PATH: process.env['PATH'] ?? '',
      APP_PUBLIC_KEY: PUBLIC_KEY,
      APP_DHT: dht.bootstrap.join(','),
      LD_PRELOAD: shim,
    };
    copies.push(new Copy({ index, folder: own, path, isSupervised: index % 2 === 0, env }));
  }
  rmSync(first.path);
  try {
    for (const copy of copies) copy.start();
    const until = performance.now() + minutes * 60_000;
    const stop = new AbortController();
    const troubles = trouble(copies, stop.signal);
    for (let release = 1; performance.now() < until; release++) {
      const isGood = release % ONE_BAD_IN !== ONE_BAD_IN - 2;
      const version = await owner.release(isGood);
      console.log(`${isGood ? 'good' : 'bad '} release ${version}: ${overview(copies)}`);
      await delay(Math.min(releaseSeconds * 1000, Math.max(0, until - performance.now())));
    }
    stop.abort();
    const kinds = await troubles;
    await owner.release(true);
    const settledMs = await settled(copies, owner.newestGood);
    console.log(`${owner.good} good and ${owner.bad} bad releases, ${JSON.stringify(kinds)}`);
    console.log(
      settledMs === undefined
        ? overview(copies)
        : `all on ${owner.newestGood} after ${(settledMs / 1000).toFixed(0)} s of calm`,
    );
    const problems = judge(copies, owner);
    for (const problem of problems) console.log(`FAILED: ${problem}`);
    process.exitCode = problems.length === 0 ? 0 : 1;
  } finally {
    for (const copy of copies) copy.stop();
    await owner.end();
    await dht.close();
    if (process.exitCode === 0) rmSync(folder, { recursive: true, force: true });
    else console.log(`what is left: ${folder}`);
  }
}

/** Does something to one of them every few seconds. */
async function trouble(copies: readonly Copy[], signal: AbortSignal): Promise<Record<string, number>> {
  const done = { kills: 0, cuts: 0, jumps: 0 };
  const ending: Promise<void>[] = [];
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    await delay(TROUBLE_EVERY_MS * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
    const copy = copies[Math.floor(Math.random() * copies.length)];
    if (copy === undefined || isOver()) break;
    const kind = Math.random();
    if (kind < 0.5) {
      done.kills++;
      copy.kill();
    } else if (kind < 0.8) {
      done.cuts++;
      ending.push(cutOff(copy));
    } else {
      done.jumps++;
      ending.push(jump(copy));
    }
  }
  await Promise.all(ending);
  return done;
}

/** Packets to it go nowhere for a while. */
async function cutOff({ address }: Copy): Promise<void> {
  const route = ['blackhole', `${address}/32`, 'table', 'local'];
  if (spawnSync('ip', ['route', 'add', ...route]).status !== 0) return; // it is cut off already
  await delay(LONGEST_CUT_MS * Math.random());
  execFileSync('ip', ['route', 'del', ...route]);
}

/** Its wall clock is wrong by up to a day for a while. */
async function jump(copy: Copy): Promise<void> {
  copy.setClock(Math.round((Math.random() - 0.5) * 2 * 86_400));
  await delay(LONGEST_CUT_MS * Math.random());
  copy.setClock(0);
}

async function settled(copies: readonly Copy[], version: string): Promise<number | undefined> {
  const begun = performance.now();
  while (performance.now() - begun < CALM_MS) {
    if (copies.every((copy) => versionOf(copy) === version)) {
      // What has come must stay through its probation, and say once more how large it is.
      await delay(12_000);
      if (copies.every((copy) => versionOf(copy) === version)) return performance.now() - begun;
    }
    await delay(500);
  }
  return undefined;
}

function versionOf(copy: Copy): string | undefined {
  return copy.said().findLast(({ event }) => event === 'start')?.version;
}

function overview(copies: readonly Copy[]): string {
  const versions = new Map<string, number>();
  for (const copy of copies) {
    const version = versionOf(copy) ?? 'starting';
    versions.set(version, (versions.get(version) ?? 0) + 1);
  }
  return [...versions].map(([version, many]) => `${many} × ${version}`).join(', ');
}
