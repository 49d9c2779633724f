/**
 * Makes the host's code fall silent in a process that only stays to pass things on: a thin parent.
 *
 * What the host left open is closed, its listeners are removed, its timers run into nothing. Not reached: worker
 * threads and file operations under way. Ending those is what the host's own clean-up hook is for.
 *
 * @module
 */
import { createHook, executionAsyncResource } from 'node:async_hooks';
import { ChildProcess } from 'node:child_process';

/** Owners of handles that are the process's own business: its signals, its channel to a parent made by `fork`. */
const NOT_THE_HOSTS = ['Signal', 'Pipe', 'Process', 'MessagePort'];
/** In the old process they must not run: they may remove what the new one uses, such as a PID file. */
const PROCESS_EVENTS = ['exit', 'beforeExit', 'message', 'disconnect'];

/** Resolves when what closing set off has run. */
export async function quietHost(): Promise<void> {
  const own = new Set<unknown>();
  silenceTimers(own);
  ignoreFailures();
  for (const event of PROCESS_EVENTS) process.removeAllListeners(event);
  releaseStdin();
  for (const handle of process._getActiveHandles?.() ?? []) close(handle);
  for (let turn = 0; turn < 2; turn++) {
    await new Promise<void>((resolve) => own.add(setImmediate(resolve)));
  }
}

/** A host whose connections are closed under it may well throw. It must not take the new program's parent with it. */
function ignoreFailures(): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.removeAllListeners(event);
    process.on(event, () => undefined);
  }
}

/**
 * Bytes that were already read are lost to the new program; the rest is for it alone. A paused stream reads ahead, so
 * the stream is destroyed; the descriptor stays open, because libuv never closes stdin, stdout and stderr.
 */
function releaseStdin(): void {
  process.stdin.removeAllListeners();
  process.stdin.destroy();
}

function close(handle: unknown): void {
  const { constructor, fd, destroy, close, stop } = handle as {
    constructor: { name: string };
    fd?: unknown;
    destroy?: () => void;
    close?: () => void;
    stop?: () => void;
  };
  if (NOT_THE_HOSTS.includes(constructor.name)) return;
  if (typeof fd === 'number' && fd >= 0 && fd <= 2) return; // the new program's stdio
  // Children of the host live on, as they would behind execve.
  if (handle instanceof ChildProcess) handle.unref();
  else (destroy ?? close ?? stop)?.call(handle);
}

/**
 * Timers cannot be listed, but each announces itself before it runs: then it is stopped, and made to do nothing this
 * one time. `own` are the ones that may run.
 */
function silenceTimers(own: ReadonlySet<unknown>): void {
  const before = (): void => {
    const resource = executionAsyncResource() as { _onTimeout?: unknown; _onImmediate?: unknown; constructor: unknown };
    if (own.has(resource)) return;
    const { name } = resource.constructor as { name?: unknown };
    if (name === 'Timeout') {
      clearTimeout(resource as NodeJS.Timeout);
      resource._onTimeout = () => undefined;
    } else if (name === 'Immediate') {
      resource._onImmediate = () => undefined;
    }
  };
  createHook({ before }).enable();
}
