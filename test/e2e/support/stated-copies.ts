/**
 * Copies of a program that update by statement: how they are started, what they said of their sources, what they became.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect } from 'vitest';
import type { RunningHost, Said } from '../../fixtures/running-host.ts';
import { programFolder } from './program-folder.ts';
import type { Scene } from './scene.ts';

type Environment = Readonly<Record<string, string>>;

export interface CopyOptions {
  /** Path of 1.0.0, signed. */
  readonly program: string;
  /** Default `home`. */
  readonly name?: string;
  readonly env?: Environment;
}

/** A copy on a machine of its own: it shares neither memory nor kept deltas with the others. */
export async function startCopyIn(scene: Scene, { program, name = 'home', env }: CopyOptions): Promise<RunningHost> {
  return startAgain(scene, await scene.place(program, `${name}/app`), env);
}

/** The program that is there by now, on the same machine. */
export async function startAgain(scene: Scene, path: string, env: Environment = {}): Promise<RunningHost> {
  const copy = scene.start({ path, env: { ...machineOf(path), ...env } });
  expect(await copy.hears('start')).toMatchObject({ version: '1.0.0', state: 'running' });
  return copy;
}

/** Where the copy at this path keeps things: beside its folder. */
function machineOf(path: string): Environment {
  const home = dirname(path);
  return { XDG_STATE_HOME: `${home}-state`, XDG_CACHE_HOME: `${home}-cache` };
}

/** It runs 1.1.0, these bytes, and nothing else is left beside it. */
export async function expectRelease(copy: RunningHost, release: Uint8Array): Promise<void> {
  await expectRuns(copy, release);
  expect(await programFolder(dirname(copy.path))).toEqual(['app']);
}

/** It runs 1.1.0, these bytes. */
export async function expectRuns(copy: RunningHost, release: Uint8Array): Promise<void> {
  await copy.hears('start', { version: '1.1.0' });
  expect((await readFile(copy.path)).equals(release)).toBe(true);
  expect(copy.stderr).toBe('');
}

/** The ways it planned to go, in order. */
export function ways(copy: RunningHost): unknown[] {
  return copy.said.filter(({ event }) => event === 'planned').map(({ way }) => way);
}

export function errorsOf(copy: RunningHost): Said[] {
  return copy.said.filter(({ event }) => event === 'error');
}

/** Each source that was named in a failure, and the codes of these failures. */
export function blames(copy: RunningHost): Readonly<Record<string, readonly unknown[]>> {
  const named: Record<string, unknown[]> = {};
  for (const { code, message } of errorsOf(copy)) {
    const [, name] = /^(peer [0-9a-f]{16}|mirror \S+): /.exec(String(message)) ?? [];
    if (name !== undefined) (named[name] ??= []).push(code);
  }
  return named;
}

/** Waits until the source was named with this code. */
export async function blamed(copy: RunningHost, name: string, code: string): Promise<void> {
  for (let index = 0; ; index++) {
    const { message } = await copy.hears('error', { code }, index);
    if (String(message).startsWith(`${name}: `)) return;
  }
}

/** Bytes of the release or its delta that a copy holds, as soon as they are so many. */
export async function reached(copy: RunningHost, bytes: number): Promise<number> {
  for (let index = 0; ; index++) {
    const { receivedBytes } = await copy.hears('progress', {}, index);
    if (Number(receivedBytes) >= bytes) return Number(receivedBytes);
  }
}
