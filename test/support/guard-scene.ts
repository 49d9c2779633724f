/**
 * A scene for the guard's script: small shell scripts in the place of both versions, and processes that play the others.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { encodeJournal, type ProbationJournal } from '../../src/core/install/journal.ts';
import { GUARD_SCRIPT, SCRIPT_VARIABLE } from '../../src/io/process/guard-script.ts';
import { guardArguments } from '../../src/io/process/guard.ts';
import { useTempFolder, type TempFolder } from './temp-folder.ts';

export const to = { version: '1.1.0', id: 'b'.repeat(64) };
export const from = { version: '1.0.0', id: 'a'.repeat(64) };
export const probation: ProbationJournal = {
  format: 1,
  phase: 'probation',
  to,
  from,
  over: null,
  previous: '1.0.0~aaaaaaaaaaaaaaaa',
  installedAt: 1,
  starts: 1,
};
/** What the program was started with, as its runtime reads it. */
const ARGS = ['two words', "qu'ote"];

export interface Scene {
  readonly program: string;
  readonly install: string;
  readonly shared: string;
  readonly victim: ChildProcess;
  readonly out: string;
}

export interface GuardScenes {
  readonly folder: TempFolder;
  /** A program file, an install folder as after an install, and a process that plays the program. */
  readonly scene: () => Scene;
  /** Processes to end behind the test. */
  readonly running: ChildProcess[];
}

interface Ended {
  readonly stderr: string;
}

/** Resolves when nobody holds the guard's stdio any more. */
export function guard(
  { program, install, shared, victim, out }: Omit<Scene, 'victim'> & { readonly victim: Pick<ChildProcess, 'pid'> },
  { limitMs = 60_000, script = '', thinParent }: { limitMs?: number; script?: string; thinParent?: number } = {},
): { readonly ended: Promise<Ended>; readonly pid: Promise<number> } {
  const options = {
    programPath: program,
    folder: install,
    journal: probation,
    sharedQuarantine: shared,
    limitMs,
    thinParent,
    watched: { pid: victim.pid ?? 0, startedAt: '' },
  };
  const args = ['-c', GUARD_SCRIPT, 'peerpatch-guard', ...guardArguments(options), 'called', ...ARGS];
  const shell = spawn('/bin/sh', args, {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, OUT: out, KEPT: 'kept', [SCRIPT_VARIABLE]: script },
  });
  shell.stdin.on('error', () => undefined); // the guard may leave before it is written
  shell.stdin.end('from stdin\n');
  let stderr = '';
  shell.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const pid = new Promise<number>((resolve) => {
    shell.stdio[3]?.once('data', (text: Buffer) => {
      shell.kill('SIGKILL');
      resolve(Number(text));
    });
  });
  return {
    pid,
    ended: new Promise((resolve) => {
      shell.stdout.resume();
      shell.once('close', () => {
        resolve({ stderr });
      });
    }),
  };
}

export function readOut({ out }: Scene): string {
  return existsSync(out) ? readFileSync(out, 'utf8') : '';
}

/** Call it at the top of a file. */
export function useGuardScene(): GuardScenes {
  const folder = useTempFolder();
  const running: ChildProcess[] = [];
  afterEach(() => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
  });
  const scene = (): Scene => {
    const program = folder.join('app');
    const install = folder.join('.app.peerpatch');
    const shared = folder.join('state', 'quarantine');
    mkdirSync(join(install, 'previous'), { recursive: true });
    mkdirSync(join(install, 'starts'));
    writeFileSync(join(install, 'starts', '1-01234567-01234567-1'), '');
    writeFileSync(program, '#!/bin/sh\necho bad >> "$OUT"\n');
    writeFileSync(
      join(install, 'previous', probation.previous),
      '#!/bin/sh\necho "good $# [$1] [$2] $KEPT" >> "$OUT"; cat >> "$OUT"\n',
    );
    for (const path of [program, join(install, 'previous', probation.previous)]) chmodSync(path, 0o755);
    writeFileSync(join(install, 'journal'), encodeJournal(probation));
    const victim = spawn('sleep', ['1000']);
    running.push(victim);
    const out = folder.join('out');
    return { program, install, shared, victim, out };
  };
  return { folder, scene, running };
}
