/**
 * Replaces the running process by a program: same arguments, environment, working folder, umask and stdio.
 *
 * Where the runtime has `process.execve` the process ID stays too. Elsewhere the new program is a child, and this
 * process stays as its thin parent; a program that has a thin parent already asks it instead of becoming a second one.
 * Spec: docs/spec/10-restart.md.
 *
 * @module
 */
import { isatty } from 'node:tty';
import { isMainThread } from 'node:worker_threads';
import { PeerpatchError } from '../../core/base/errors.ts';
import { executableKind } from '../executable/executable.ts';
import { definedVariables, exactCommand, type Command } from './exact-start.ts';
import { checkRunnable } from './program-check.ts';
import { becomeThinParent, type ThinParentWatch } from './thin-parent.ts';
import { PARENT_PID_VARIABLE, type ThinParentLink } from './thin-parent-link.ts';

export interface RestartOptions {
  /** The program to run. */
  readonly path: string;
  /** What the program calls itself: its first argument in C. Default: as this process was called. */
  readonly argv0?: string;
  /** Arguments behind it. Default: the ones of this process. */
  readonly args?: readonly string[];
  /** Default: the environment as it is now. */
  readonly env?: NodeJS.ProcessEnv;
  /** From {@link adoptThinParent}, when this process has a thin parent. */
  readonly parent?: ThinParentLink | undefined;
  /** What becomes of a new program that dies in its probation. Default: nothing. */
  readonly watch?: RestartWatch | undefined;
}

/** How a program is started. */
export interface ProgramStart {
  readonly argv0: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The process ID of the thin parent that lives. */
  readonly thinParent?: number | undefined;
}

export interface RestartWatch extends ThinParentWatch {
  /** Before `execve`: starts a guard if one is wanted. Never rejects. */
  startGuard(start: ProgramStart): Promise<StartedGuard | undefined>;
}

export interface StartedGuard {
  /** For the environment of the program. */
  readonly env: Readonly<Record<string, string>>;
  /** The program was not run after all. */
  stop(): void;
}

/**
 * Does not return. Whatever the host wants closed or written must be done before.
 *
 * @throws PeerpatchError RESTART_FAILED: nothing changed, this process goes on
 */
export async function restartProcess(options: RestartOptions): Promise<never> {
  const { path, argv0 = process.argv0, args = programArguments(), env = process.env, parent, watch } = options;
  if (!isMainThread) {
    throw new PeerpatchError(
      'RESTART_FAILED',
      'a worker thread cannot replace the process: call it on the main thread',
    );
  }
  await checkRestart({ path, argv0, args, env });
  leaveRawMode();
  if (process.execve !== undefined && process.platform !== 'win32') {
    const thinParent = parent?.isThere() === true ? process.ppid : undefined;
    // Also beside a thin parent: what comes by execve is not the file that the parent has started, and it would not judge that.
    const guard = await watch?.startGuard({ argv0, args, env, thinParent });
    try {
      const link = thinParent === undefined ? {} : { [PARENT_PID_VARIABLE]: String(thinParent) };
      execute(exactCommand({ path, argv0, args, env: definedVariables({ ...env, ...link, ...guard?.env }) }));
    } finally {
      guard?.stop(); // only when it failed: nothing comes back from a process that was replaced
    }
  }
  if (parent?.requestRestart() === true) return endSilently();
  return await becomeThinParent({ path, argv0, args, env, watch });
}

/**
 * Finds what would keep a restart from working while nothing is given up: a program that cannot be run, arguments that cannot be
 * passed on.
 *
 * @throws PeerpatchError RESTART_FAILED
 */
export async function checkRestart(options: RestartOptions): Promise<void> {
  const { path, argv0 = process.argv0, args = programArguments(), env = process.env } = options;
  await checkRunnable(path);
  exactCommand({ path, argv0, args, env: definedVariables(env) });
}

/**
 * The arguments this process was started with, the runtime's own included when it runs a script.
 *
 * Inside an executable `argv` is [path, name as called, …]: the flags baked in at build time are not repeated.
 */
export function programArguments(): string[] {
  return executableKind() === 'source' ? [...process.execArgv, ...process.argv.slice(1)] : process.argv.slice(2);
}

function execute({ path, argv0, args, env }: Command): never {
  try {
    process.execve?.(path, [argv0, ...args], env);
  } catch (cause) {
    throw new PeerpatchError('RESTART_FAILED', `${path} could not be run: the old program goes on`, { cause });
  }
  throw new PeerpatchError('RESTART_FAILED', `${path} was not run: the old program goes on`);
}

/** A terminal left in raw mode would be the state the new program restores when it ends: no echo in the shell. */
function leaveRawMode(): void {
  if (isatty(0) && process.stdin.isRaw) process.stdin.setRawMode(false);
}

/** The parent starts the new program when this process has ended; the host must not notice. */
function endSilently(): never {
  process.removeAllListeners('exit');
  process.exit(0);
}
