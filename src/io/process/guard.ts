/**
 * Starts the guard of a program that is about to be run by execve, where no supervisor would start it again: a shell script
 * (guard-script.ts) beside it, in its process group and with its stdio.
 *
 * Spec: docs/spec/10-restart.md.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { afterRollBack, encodeJournal, type ProbationJournal } from '../../core/install/journal.ts';
import { encodeQuarantine } from '../../core/install/quarantine.ts';
import { thisProcess } from '../install/process-identity.ts';
import { definedVariables, exactScript } from './exact-start.ts';
import { GUARD_SCRIPT, SCRIPT_VARIABLE } from './guard-script.ts';

/** For the program: it is guarded, and says when it ends well. The value is its process ID. */
export const GUARD_VARIABLE = 'PEERPATCH_GUARDED_PID';
/** Beside it: for which probation ({@link probationMark}). */
export const GUARDED_PROBATION_VARIABLE = 'PEERPATCH_GUARDED_PROBATION';
export const GUARD_REASON = 'it died within its probation';
const LOOK_INTERVAL_MS = 200;
/** A shell that takes longer to begin is not waited for. */
const START_TIMEOUT_MS = 5000;
/** Where the time of day belongs in what the guard writes. */
const TIME = 1234567890123;
/** The script's own variables: where the environment has such a name, the shell would pass on its own value. */
const SCRIPT_NAMES: ReadonlySet<string> = new Set(
  Array.from(GUARD_SCRIPT.matchAll(/\b(?:read -r|for) ([a-z_]+)|\b([a-z_]+)=/g), ([, read, set]) => read ?? set ?? ''),
);

export interface GuardOptions extends Guarded {
  /** What the previous program is called and started with, if it comes to that. */
  readonly argv0: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

export interface Guarded {
  readonly programPath: string;
  /** The install folder beside it. */
  readonly folder: string;
  readonly journal: ProbationJournal;
  /** Folder for the user's quarantine notes; undefined when there is none. */
  readonly sharedQuarantine: string | undefined;
  /** After so long the guard leaves, whatever the journal says. */
  readonly limitMs: number;
  /** The process ID of the thin parent that started the program: one that lives on has started it again. */
  readonly thinParent?: number | undefined;
  /** Default: this process, which `execve` does not change. */
  readonly watched?: { readonly pid: number; readonly startedAt: string };
}

export interface Guard {
  /** Ends it. Never throws. */
  stop(): void;
}

/** Undefined when no guard could be started: the update goes on without one. */
export async function startGuard(options: GuardOptions): Promise<Guard | undefined> {
  const { argv0, args, env } = options;
  let shell: ChildProcess;
  try {
    const script = exactScript({ args, env: definedVariables(env) }, undefined, SCRIPT_NAMES);
    const facts = guardArguments(options);
    shell = spawn('/bin/sh', ['-c', GUARD_SCRIPT, 'peerpatch-guard', ...facts, argv0, ...args], {
      env: { ...env, [SCRIPT_VARIABLE]: script },
      stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    });
  } catch {
    return undefined;
  }
  const pid = await guardPid(shell);
  if (pid === undefined) return undefined;
  return {
    stop: () => {
      try {
        process.kill(pid, 'SIGTERM');
      } catch {
        // has ended already
      }
    },
  };
}

/** The script's, up to those of the program. */
export function guardArguments(options: Guarded): readonly string[] {
  const { programPath, folder, journal, sharedQuarantine, limitMs, thinParent = '' } = options;
  const { pid, startedAt } = options.watched ?? thisProcess();
  const { to, previous } = journal;
  const facts = { reason: GUARD_REASON, nowMs: TIME };
  return [
    ...[String(pid), startedAt === '-' ? '' : startedAt, programPath, folder, previous, to.id],
    String(Math.ceil(limitMs / LOOK_INTERVAL_MS)),
    ...aroundTime(encodeQuarantine({ version: to.version, reason: GUARD_REASON, at: TIME })),
    sharedQuarantine ?? '',
    ...aroundTime(encodeJournal(afterRollBack(journal, facts))),
    String(thinParent),
  ];
}

/** Tells one probation from another, also of the same release. */
export function probationMark({ to, installedAt }: ProbationJournal): string {
  return `${to.id}-${installedAt}`;
}

/** What stands before and behind the time, without the end of the line. */
function aroundTime(bytes: Uint8Array): readonly string[] {
  return new TextDecoder().decode(bytes).trimEnd().split(String(TIME));
}

/** The guard's process ID, when it has begun; the shell that has started it is gone then. */
function guardPid(shell: ChildProcess): Promise<number | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const timer = setTimeout(() => shell.kill('SIGKILL'), START_TIMEOUT_MS);
    const pipe = shell.stdio[3] as Readable;
    pipe.on('data', (bytes: Buffer) => {
      text = (text + bytes.toString()).slice(0, 32);
      if (text.includes('\n')) shell.kill('SIGKILL');
    });
    pipe.on('error', () => undefined); // then there is no text
    const end = (): void => {
      clearTimeout(timer);
      resolve(/^\d+\n$/.test(text) ? Number(text) : undefined);
    };
    shell.on('error', end);
    // Waited for: otherwise it would stay in the process list until the program ends.
    shell.on('close', end);
  });
}
