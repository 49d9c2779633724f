/**
 * One real update on this machine: a copy of 1.0.0 finds, fetches and installs 1.1.0 from the copy that serves it.
 *
 * Both are executables on a private DHT and iroh; each watches itself. The copy runs and has looked in vain before the other one
 * starts, and looks again when it is told to, so that nothing of its start is in the figures. It does not restart.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runPreflight } from '../src/io/process/preflight.ts';
import { startPrivateDht } from '../src/testing/private-dht.ts';
import { readInstalledRelease } from '../src/tools/installed/installed-release.ts';
import type { WatchedLine } from './fixtures/host.ts';
import { HostProcess } from './host-process.ts';
import { OWNER_PUBLIC_KEY, releasePair, type ReleasePair, type UpdateKind } from './host-program.ts';

export interface UpdateRun {
  /** From the look that finds it to `installed`. */
  readonly fetching: WatchedLine;
  /** The same time at the other side, until `served`. */
  readonly serving: WatchedLine;
  /** The copy that serves, before anybody asks. */
  readonly idle: WatchedLine;
  /** Unix milliseconds. */
  readonly lookedAtMs: number;
  readonly foundAtMs: number;
  readonly installedAtMs: number;
  /** Of the first and the last piece of the download, or of the way that was gone: when it was told. */
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** Undefined for a release without a statement. */
  readonly way: 'delta' | 'chunks' | 'whole' | undefined;
  /** Payload, as the agent tells it. */
  readonly receivedBytes: number;
}

export interface UpdatePlace {
  readonly programs: ReleasePair;
  /** For what both keep. */
  readonly folder: string;
  /** `host:port` of DHT nodes. */
  readonly bootstrap: readonly string[];
  /** The only address each listens on. Default: loopback. */
  readonly seederHost?: string;
  readonly updaterHost?: string;
  /** The command line that runs the copy where it belongs. */
  readonly atUpdater?: (command: [string]) => [string, ...string[]];
  /** Waited for when everything is measured, before both processes end. */
  readonly beforeEnd?: () => Promise<void>;
}

export const PREFLIGHT_NOTE =
  'the new program is started, loads what its updater needs, says its version and ends; measured once more by itself';
/** Nobody looks by himself while something is measured. */
const INTERVAL_MS = 3_600_000;
const IDLE_MS = 5000;

export interface UpdateOptions {
  readonly kind: UpdateKind;
  /** Paths of Node binaries, as for `releasePair`. */
  readonly node: string;
  readonly otherNode?: string | undefined;
}

/** An update, and a part of it that nobody tells of. */
export interface TriedUpdateRun extends UpdateRun {
  /** The preflight of the new program, once more by itself: its file and the addon are as warm as they were. */
  readonly preflightMs: number;
}

/** On loopback. */
export async function runUpdate({ kind, node, otherNode }: UpdateOptions): Promise<TriedUpdateRun> {
  const dht = await startPrivateDht();
  const folder = await mkdtemp(join(tmpdir(), 'peerpatch-bench-'));
  try {
    const programs = await releasePair({ folder, kind, node, ...(otherNode !== undefined && { otherNode }) });
    const run = await watchUpdate({ programs, folder, bootstrap: dht.bootstrap });
    return { ...run, preflightMs: await timePreflight({ programs, folder, bootstrap: dht.bootstrap }) };
  } finally {
    await dht.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function timePreflight(place: UpdatePlace): Promise<number> {
  const path = place.programs.new;
  const release = await readInstalledRelease(path);
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, ...hostEnvironment('copy', place) };
  const startedMs = performance.now();
  await runPreflight({ path, release, env });
  return performance.now() - startedMs;
}

function hostEnvironment(name: string, { folder, bootstrap }: UpdatePlace): Record<string, string> {
  return {
    BENCH_PUBLIC_KEY: OWNER_PUBLIC_KEY,
    BENCH_DHT: bootstrap.join(','),
    BENCH_INTERVAL_MS: String(INTERVAL_MS),
    XDG_STATE_HOME: join(folder, `${name}-state`),
    XDG_CACHE_HOME: join(folder, `${name}-cache`),
  };
}

export async function watchUpdate(place: UpdatePlace): Promise<UpdateRun> {
  const { programs, seederHost, updaterHost, atUpdater = ([program]) => [program] } = place;
  const hosts: HostProcess[] = [];
  const start = (name: string, command: readonly [string, ...string[]], host: string | undefined): HostProcess => {
    const process = new HostProcess(command, {
      ...hostEnvironment(name, place),
      ...(host !== undefined && { BENCH_HOST: host }),
    });
    hosts.push(process);
    return process;
  };
  try {
    const copy = start('copy', atUpdater([programs.old]), updaterHost);
    await Promise.all([copy.hears('announced'), copy.hears('checked')]);
    const server = start('server', [programs.new], seederHost);
    await Promise.all([server.hears('announced'), server.hears('checked')]);
    server.tell('watch');
    await delay(IDLE_MS);
    const idle = await server.ask('report', 'watched');

    copy.tell('watch');
    server.tell('watch');
    copy.tell('check');
    const installed = await copy.hears('installed');
    const fetching = await copy.ask('report', 'watched');
    await server.hears('served');
    const serving = await server.ask('report', 'watched');
    await place.beforeEnd?.();
    return { fetching, serving, idle, installedAtMs: installed.atMs, ...storyOf(copy) };
  } finally {
    await Promise.all(hosts.map((host) => host.end()));
  }
}

function storyOf(copy: HostProcess): Omit<UpdateRun, 'fetching' | 'serving' | 'idle' | 'installedAtMs'> {
  const [found] = copy.said('found');
  const checking = copy.said('checking').findLast(({ atMs }) => found !== undefined && atMs <= found.atMs);
  const [accepted] = copy.said('accepted');
  const planned = copy.said('planned');
  const steps = [...planned, ...copy.said('progress')];
  const [first, last] = [steps[0], steps.at(-1)];
  if (!found || !checking || !accepted || !first || !last || planned.length > 1) {
    throw new Error('the copy did not say how its download went, or tried more than one way');
  }
  return {
    lookedAtMs: checking.atMs,
    foundAtMs: found.atMs,
    firstAtMs: first.atMs,
    lastAtMs: last.atMs,
    way: planned[0]?.way,
    receivedBytes: accepted.totalBytes,
  };
}
