/**
 * Bad versions and what must be true after them.
 *
 * @module
 */
import { existsSync, readdirSync } from 'node:fs';
import { chmod, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { RunningHost, Said } from '../../fixtures/running-host.ts';
import { programName } from '../../support/program-name.ts';
import { copyProgram, giveBehaviour, replaceOnce, signStated, unsignedBehavingHost, writeAt } from './releases.ts';
import { processesIn, signalProcesses } from './scene-processes.ts';
import type { Scene } from './scene.ts';

/** What a copy was started with, to be found again after everything. */
export const ARGS = ['--flag=1', 'two words', '', 'ünïcödé ☃', '$HOME "quoted" \\'];

/** Beside a program. */
const APP: string = programName('app');
const INSTALL_FOLDER = `.${APP}.peerpatch`;

export interface BadVersion {
  readonly version?: string;
  readonly node: string;
  /** As behaviour.ts names it. Default: none, it works. */
  readonly behaviour?: string;
  /** Bytes of the executable to write over: what is there once, and what is to be there. */
  readonly patch?: readonly [from: string, to: string];
  /** The number of the processor that its header names. Default: this machine's. */
  readonly machine?: number;
  /** What the owner signs it for. Default: what its header names. */
  readonly target?: string | undefined;
}

/** ELF header: the processor. */
const MACHINE_OFFSET = 18;

/** Path of a signed program in the scene's folder. */
export async function badVersion(scene: Scene, options: BadVersion): Promise<string> {
  const { version = '1.1.0', node, behaviour = '', patch, machine, target } = options;
  const path = await scene.place(await unsignedBehavingHost(version, node), join(`owner-${version}`, APP));
  await giveBehaviour(path, behaviour);
  if (patch !== undefined) await replaceOnce(path, ...patch);
  if (machine !== undefined) await writeAt(path, MACHINE_OFFSET, Uint8Array.of(machine & 0xff, machine >> 8));
  await signStated(path, version, { target });
  return path;
}

export interface GoodOptions {
  readonly node: string;
  readonly target?: string | undefined;
  readonly probation?: object;
  readonly env?: Readonly<Record<string, string>>;
}

/** A running copy of 1.0.0 in a folder of its own. */
export async function startGood(scene: Scene, options: GoodOptions): Promise<RunningHost> {
  const { node, target, probation = {}, env } = options;
  const path = await goodProgram(scene, node, target);
  const copy = scene.start({
    path,
    args: ARGS,
    env: { CUSTOM: 'kept', APP_PROBATION: JSON.stringify(probation), ...env },
  });
  expect(await copy.hears('start')).toMatchObject({ version: '1.0.0', state: 'running', args: ARGS });
  return copy;
}

/** Path of the program that {@link startGood} starts. */
export async function goodProgram(scene: Scene, node: string, target?: string): Promise<string> {
  const signed = await badVersion(scene, { version: '1.0.0', node, target });
  const path = await scene.place(signed, join('home', APP));
  await chmod(path, 0o755);
  await copyProgram(signed, join(scene.folder, 'good'));
  return path;
}

/** 1.0.0 is the program again, and nothing else is there than what an install keeps. */
export async function expectBack(scene: Scene, path: string): Promise<void> {
  const good = await readFile(join(scene.folder, 'good'));
  expect((await readFile(path)).equals(good)).toBe(true);
  if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777).toBe(0o755);
  expect(leftIn(dirname(path))).toEqual([]);
}

/** Files beside the program, and in its install folder, that nobody needs. */
export function leftIn(folder: string): string[] {
  const beside = readdirSync(folder).filter((name) => name !== APP && name !== INSTALL_FOLDER);
  const kept = ['choices', 'early', 'journal', 'lock', 'previous', 'quarantine', 'starts', 'trials'];
  const install = readdirSync(join(folder, INSTALL_FOLDER)).filter((name) => !kept.includes(name));
  const starts = join(folder, INSTALL_FOLDER, 'starts');
  return [...beside, ...install, ...(existsSync(starts) ? readdirSync(starts) : []).map((name) => `starts/${name}`)];
}

/** The same as the first start in all that a restart keeps. */
export function expectSameStart(first: Said | undefined, later: Said): void {
  const kept = ({ args, cwd, umask, custom, variables }: Said): object => ({ args, cwd, umask, custom, variables });
  if (first === undefined) throw new Error('it was never started');
  expect(kept(later)).toEqual(kept(first));
}

/** Processes that were started in the scene and live: their environment has its folder. */
export function processesOf(scene: Scene): number[] {
  return processesIn(scene.folder);
}

/** How often something was told. */
export function count(copy: RunningHost, event: string, facts: object = {}): number {
  return copy.said.filter(
    (said) => said.event === event && Object.entries(facts).every(([name, value]) => said[name] === value),
  ).length;
}

/** Ends whatever runs in the scene: gently, and then not. The first process of a namespace may be deaf for the gentle way. */
export async function endAll(scene: Scene): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    signalProcesses(scene.folder, signal);
    const isOver = expect.poll(() => processesOf(scene), { timeout: 5000 }).toEqual([]);
    if (signal === 'SIGKILL') await isOver;
    else await isOver.catch(() => undefined);
  }
}
