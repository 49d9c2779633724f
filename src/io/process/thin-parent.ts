/**
 * The thin parent: what stays of the old process where a process cannot be replaced.
 *
 * It starts the new program with its own stdio, arguments and environment, passes signals on, and ends as the program
 * ends. It starts the program again when that asks for it through the pipe (thin-parent-link.ts), so parents never
 * pile up. When the parent is killed by SIGKILL the program runs on. Spec: docs/spec/10-restart.md.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { dieBySignal, takeSignals } from './forwarded-signals.ts';
import { quietHost } from './quiet-host.ts';
import { PARENT_FD, PARENT_FD_VARIABLE, PARENT_PID_VARIABLE, RESTART_REQUEST } from './thin-parent-link.ts';

export interface ThinParentOptions {
  readonly path: string;
  readonly argv0: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

interface ChildEnd {
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | undefined;
  readonly restartRequested: boolean;
}

/** Neither returns nor rejects: the process ends when the program does. */
export async function becomeThinParent(options: ThinParentOptions): Promise<never> {
  let child: ChildProcess | undefined;
  const early: NodeJS.Signals[] = []; // arrived while no program was running: for the next one
  takeSignals((signal) => {
    if (child === undefined) early.push(signal);
    else child.kill(signal);
  });
  await quietHost();
  for (;;) {
    child = startProgram(options);
    const ended = endOf(child);
    for (const signal of early.splice(0)) child.kill(signal);
    const { exitCode, signal, restartRequested } = await ended;
    child = undefined;
    if (restartRequested) continue;
    if (signal !== undefined) dieBySignal(signal);
    process.exit(exitCode);
  }
}

function startProgram({ path, argv0, args, env }: ThinParentOptions): ChildProcess {
  const link = { [PARENT_FD_VARIABLE]: String(PARENT_FD), [PARENT_PID_VARIABLE]: String(process.pid) };
  try {
    const child = spawn(path, args, {
      argv0,
      env: { ...env, ...link },
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
