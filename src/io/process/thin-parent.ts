/**
 * The thin parent: what stays of the old process where a process cannot be replaced.
 *
 * It starts the new program with its own stdio, arguments and environment, passes signals on, and ends as the program
 * ends. It starts the program again when that asks for it through the pipe (thin-parent-link.ts), so parents never
 * pile up; and when its watch says so, because a new program has died in its probation and the previous one is back. When the parent is killed by SIGKILL the program runs on. Spec: docs/spec/10-restart.md.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { SECOND_MS } from '../../core/base/units.ts';
import { definedVariables, exactCommand } from './exact-start.ts';
import { dieBySignal, takeSignals } from './forwarded-signals.ts';
import { quietHost } from './quiet-host.ts';
import { PARENT_FD, PARENT_FD_VARIABLE, PARENT_PID_VARIABLE, RESTART_REQUEST } from './thin-parent-link.ts';

export interface ThinParentOptions {
  readonly path: string;
  readonly argv0: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Default: the end of the program is the end of the parent, however it came. */
  readonly watch?: ThinParentWatch | undefined;
}

export interface ThinParentWatch {
  /** What to do when the program has ended badly: whether to start the program file again. Never rejects. */
  isToStartAgain(end: BadEnd): Promise<boolean>;
}

export interface BadEnd {
  /** For people: `it ended with exit code 1`. */
  readonly what: string;
  /** Whether the program file is another one than when the program was started. */
  readonly isReplaced: boolean;
  readonly livedMs: number;
}

interface ChildEnd {
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | undefined;
  readonly restartRequested: boolean;
}

/** What a program dies of by its own fault. All others come from people and supervisors. */
const CRASH_SIGNALS: readonly NodeJS.Signals[] = [
  ...(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP', 'SIGSYS'] as const),
];
const STOP_SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'];
/** So long after such a signal an exit code is the answer to it. */
const STOP_PATIENCE_MS: number = 30 * SECOND_MS;

/** Neither returns nor rejects: the process ends when the program does. */
export async function becomeThinParent(options: ThinParentOptions): Promise<never> {
  const { path, watch } = options;
  let child: ChildProcess | undefined;
  let stoppedAt: number | undefined;
  const early: NodeJS.Signals[] = []; // arrived while no program was running: for the next one
  takeSignals((signal, isAtChild) => {
    if (STOP_SIGNALS.includes(signal)) stoppedAt = performance.now();
    if (isAtChild) return;
    if (child === undefined) early.push(signal);
    else child.kill(signal);
  });
  await quietHost();
  for (;;) {
    const file = identityOf(path);
    const startedMs = performance.now();
    child = startProgram(options);
    const ended = endOf(child);
    for (const signal of early.splice(0)) child.kill(signal);
    const { exitCode, signal, restartRequested } = await ended;
    child = undefined;
    if (restartRequested) continue;
    const isStopped = stoppedAt !== undefined && performance.now() - stoppedAt < STOP_PATIENCE_MS;
    const isReplaced = identityOf(path) !== file;
    const what = isStopped ? undefined : badEnd({ exitCode, signal, isReplaced });
    const livedMs = performance.now() - startedMs;
    if (what !== undefined && (await watch?.isToStartAgain({ what, isReplaced, livedMs })) === true) continue;
    if (signal !== undefined) dieBySignal(signal);
    process.exit(exitCode);
  }
}

/** Undefined: it ended well, or somebody ended it. */
function badEnd({
  exitCode,
  signal,
  isReplaced,
}: Omit<ChildEnd, 'restartRequested'> & { readonly isReplaced: boolean }): string | undefined {
  if (signal === undefined) return exitCode === 0 ? undefined : `it ended with exit code ${exitCode}`;
  // SIGKILL after the file was replaced: its own agent did both, because the event loop stood still.
  return CRASH_SIGNALS.includes(signal) || (signal === 'SIGKILL' && isReplaced)
    ? `it was ended by ${signal}`
    : undefined;
}

/** The same as long as the path has the same file. */
function identityOf(path: string): string {
  const file = statSync(path, { bigint: true, throwIfNoEntry: false });
  return file === undefined ? '' : `${file.dev}-${file.ino}`;
}

function startProgram({ path, argv0, args, env }: ThinParentOptions): ChildProcess {
  const link = { [PARENT_FD_VARIABLE]: String(PARENT_FD), [PARENT_PID_VARIABLE]: String(process.pid) };
  try {
    const command = exactCommand({ path, argv0, args, env: { ...definedVariables(env), ...link } });
    const child = spawn(command.path, command.args, {
      argv0: command.argv0,
      env: command.env,
      stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    });
    // A failing kill is reported in the same way: the program runs then.
    return child.on('error', (error) => (child.pid === undefined ? endUnstarted(path, error) : undefined));
  } catch (error) {
    return endUnstarted(path, error as Error); // some failures of the system call are thrown
  }
}

/** The host is silent already, so there is nothing to go on with: a supervisor sees the failure and starts the program. */
function endUnstarted(path: string, { message }: Error): never {
  process.stderr.write(`RESTART_FAILED: ${path} could not be started: ${message}\n`);
  process.exit(1);
}

function endOf(child: ChildProcess): Promise<ChildEnd> {
  return new Promise((resolve) => {
    let restartRequested = false;
    const pipe = child.stdio[PARENT_FD] as Readable;
    pipe.on('data', (bytes: Buffer) => (restartRequested ||= bytes[0] === RESTART_REQUEST));
    pipe.on('error', () => undefined); // its end says all there is to say
    child.once('exit', (exitCode, signal) => {
      const end = (): void => {
        resolve({ exitCode: exitCode ?? 1, signal: signal ?? undefined, restartRequested });
      };
      // A request is answered by an end with 0. Its byte may still be in the pipe: read to the end.
      if (exitCode !== 0 || pipe.readableEnded || pipe.destroyed) end();
      else pipe.once('close', end);
    });
  });
}
