/**
 * The life of a real program in a place of its own: what it may be killed in, what it leaves, and how it goes on.
 *
 * @module
 */
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { tidyInstall } from '../../../src/io/install/tidy.ts';
import { unskipVersion } from '../../../src/tools/installed/choose-versions.ts';
import { programStatus, type ProgramStatus } from '../../../src/tools/installed/program-status.ts';
import { processesIn, signalProcesses } from '../../e2e/support/scene-processes.ts';
import { RunningHost } from '../../fixtures/running-host.ts';
import type { RealProgram, RealPrograms } from './real-programs.ts';
import { LATER_MS } from './settle.ts';
import { armLifeText, readTrace, type LifeFault, type Operation } from './shim.ts';

export interface Life {
  /** Real path. Everything below is watched. */
  readonly root: string;
  readonly program: string;
  /** Where the shim writes, one file for each run: outside of `root`. */
  readonly trace: string;
  readonly env: Readonly<Record<string, string>>;
}

const LIMIT_MS = 60_000;
/** A kill that is to come when everything is done. */
const LAST_MS = 5000;
/** A guard waits three seconds in all, and the program that it starts takes one. */
const HELPERS_MS = 20_000;
const LOOK_MS = 50;
const RUNS = [0, 1] as const;

/** What may be there when nothing is going on, by the path from the root. */
const MAY_STAY: readonly RegExp[] = [
  /^(home|state|cache|tmp)$/,
  /^home\/app$/,
  /^home\/\.app\.peerpatch$/,
  /^home\/\.app\.peerpatch\/(previous|quarantine|lock|starts|early|trials)$/,
  /^home\/\.app\.peerpatch\/previous\/1\.0\.0~[0-9a-f]{16}$/,
  /^home\/\.app\.peerpatch\/lock\/\d+$/,
  /^state\/peerpatch(\/(quarantine|seen|node-secret|seen\/[a-z0-9]{52}(\/[0-9a-f]{64}-(v1\.1\.0|s?\d+))?))?$/,
  /^cache\/peerpatch(\/deltas)?$/,
];

export function makeLife(root: string, { old, env }: RealPrograms): Life {
  for (const name of ['', 'home', 'state', 'cache', 'tmp']) mkdirSync(join(root, name), { mode: 0o755 });
  const program = join(root, 'home/app');
  linkSync(old.path, program);
  const own = {
    PATH: process.env['PATH'] ?? '',
    HOME: root,
    XDG_STATE_HOME: join(root, 'state'),
    XDG_CACHE_HOME: join(root, 'cache'),
    TMPDIR: join(root, 'tmp'),
  };
  return { root, program, trace: `${root}.trace`, env: { ...env, ...own } };
}

export function removeLife({ root, trace }: Life): void {
  rmSync(root, { recursive: true, force: true });
  for (const run of RUNS) rmSync(`${trace}.${String(run)}`, { force: true });
}

/** @param shim path of the library; without it nothing goes wrong */
export function startLife(life: Life, shim?: { readonly path: string; readonly fault: LifeFault }): RunningHost {
  const { program: path, env } = life;
  if (shim === undefined) return new RunningHost({ path, env });
  const armed = { LD_PRELOAD: shim.path, FAULTS_ARM: armLifeText(shim.fault, life), UV_USE_IO_URING: '0' };
  return new RunningHost({ path, env: { ...env, ...armed } });
}

/** Of each run. */
export function readTraces({ trace }: Life): readonly (readonly Operation[])[] {
  return RUNS.map((run) => readTrace(`${trace}.${String(run)}`));
}

/** Undefined: what was to end it did. */
export async function waitForKill(host: RunningHost): Promise<string | undefined> {
  const over = new AbortController();
  const { signal } = over;
  const went = host.hears('confirmed').then(
    () => pause(LAST_MS, 'went to its end', { signal }),
    () => 'ended',
  );
  const how = await Promise.race([
    host.exited.then((killedBy) => (killedBy === 'SIGKILL' ? undefined : `ended by ${String(killedBy)}`)),
    went,
    pause(LIMIT_MS, 'hung', { signal }),
  ]).finally(() => {
    over.abort();
    went.catch(() => undefined);
  });
  return how === undefined ? undefined : `was not killed: ${how}: ${saidBy(host)}`;
}

/** A program that lost a child goes on, or waits until it tries again. */
export async function waitForTurn(host: RunningHost): Promise<string | undefined> {
  const over = new AbortController();
  const hears = (event: string, facts = {}): Promise<undefined> =>
    host.hears(event, facts).then(
      () => undefined,
      () => undefined, // it has ended
    );
  const how = await Promise.race([
    host.exited.then(() => undefined),
    hears('confirmed'),
    hears('error', { during: 'install' }),
    pause(LIMIT_MS, 'hung', { signal: over.signal }),
  ]).finally(() => {
    over.abort();
  });
  return how === undefined ? undefined : `${how}: ${saidBy(host)}`;
}

/** Ends what runs on, and waits for who is to end by himself: a guard may start the previous program meanwhile. */
export async function endHelpers({ root }: Life, host: RunningHost): Promise<readonly string[]> {
  const before = host.said.length;
  for (const until = performance.now() + HELPERS_MS; performance.now() < until;) {
    if (processesIn(root).length === 0) return [];
    if (host.said.slice(before).some(({ event }) => event === 'start')) signalProcesses(root, 'SIGTERM');
    await pause(LOOK_MS);
  }
  const left = processesIn(root).map((pid) => readFileSync(`/proc/${String(pid)}/cmdline`, 'latin1').slice(0, 100));
  signalProcesses(root, 'SIGKILL');
  return left.map((command) => `still runs: ${command}`);
}

export async function endLife({ root }: Life): Promise<void> {
  signalProcesses(root, 'SIGTERM');
  for (const until = performance.now() + HELPERS_MS; processesIn(root).length > 0;) {
    if (performance.now() > until) signalProcesses(root, 'SIGKILL');
    await pause(LOOK_MS);
  }
}

/** Which of both is in place, byte for byte. */
export function programIn({ program }: Life, { old, new: next }: RealPrograms): RealProgram | undefined {
  const found = statSync(program, { throwIfNoEntry: false });
  if (found === undefined || (found.mode & 0o7777) !== 0o755) return undefined;
  if (found.ino === old.ino) return old;
  const bytes = readFileSync(program);
  return [old, next].find((each) => bytes.equals(each.bytes));
}

/**
 * What follows every kill: the program starts, and the update, which is offered still, comes to its end.
 *
 * @param mayBeTakenBack who died beside a guard counts as bad, until somebody lifts that
 */
export async function settleLife(
  life: Life,
  programs: RealPrograms,
  mayBeTakenBack: boolean,
): Promise<readonly string[]> {
  const found = programIn(life, programs);
  if (found === undefined) return ['the program is neither the old nor the new one'];
  const { program, env } = life;
  const { quarantined: takenBack, journal } = await statusOf(life);
  if (takenBack.length > 0) {
    if (!mayBeTakenBack) return ['the new version is in quarantine'];
    if (found !== programs.old) return ['the new version is in quarantine and in place'];
    await unskipVersion({ program, version: programs.new.version, env });
  }
  const host = startLife(life);
  try {
    const limit = pause(LIMIT_MS, undefined, { ref: false }).then(() => {
      throw new Error(`hung: ${saidBy(host)}`);
    });
    const started = await Promise.race([host.hears('start'), limit]);
    const problems = [
      ...(started['version'] === found.version
        ? []
        : [`${found.version} says that it is ${String(started['version'])}`]),
      ...(started['state'] === 'running' ? [] : [`the program is ${String(started['state'])}`]),
    ];
    const isProven = found === programs.new && journal === undefined;
    const last = isProven ? host.hears('checked') : host.hears('confirmed', { version: programs.new.version });
    await Promise.race([last, limit]);
    // That a busy machine answers late over the network is no fault of the start.
    const errors = host.said
      .filter(({ event, during }) => event === 'error' && during !== 'check')
      .map((error) => JSON.stringify(error));
    return [...problems, ...errors.map((error) => `the next start: ${error}`)];
  } finally {
    await endLife(life);
  }
}

/** When all is done: the new program, nothing half done, and a day later nothing that nobody needs. */
export async function checkDone(life: Life, programs: RealPrograms): Promise<readonly string[]> {
  const { journal, quarantined, installing, previous, problems, release } = await statusOf(life);
  await tidyInstall(life.program, Date.now() + LATER_MS);
  const names = readdirSync(life.root, { recursive: true, encoding: 'utf8' });
  const left = names.filter((name) => !MAY_STAY.some((each) => each.test(name)));
  return [
    ...(programIn(life, programs) === programs.new ? [] : ['the new program is not in place']),
    ...(release?.version === programs.new.version ? [] : [`status says that it is ${String(release?.version)}`]),
    ...(journal === undefined ? [] : [`the journal stays: ${JSON.stringify(journal)}`]),
    ...(installing === undefined ? [] : [`the lock stays: ${JSON.stringify(installing)}`]),
    ...(previous.length === 1 ? [] : [`${previous.length} previous programs are kept`]),
    ...quarantined.map(({ version }) => `${version} is in quarantine`),
    ...problems,
    ...left.map((name) => `left behind: ${name}`),
  ];
}

function statusOf({ program, env }: Life): Promise<ProgramStatus> {
  return programStatus({ program, env });
}

function saidBy({ said, stderr }: RunningHost): string {
  return `${said.map(({ event }) => event).join(' ')} ${stderr}`.slice(-500);
}
