/**
 * The thread the agent lives in: starts it, carries messages, ends it.
 *
 * The thread's code is an asset of the executable. The thread never keeps the process alive, and what it prints goes
 * nowhere: stdout and stderr are the host's.
 *
 * @module
 */
import { Worker } from 'node:worker_threads';
import { PeerpatchError } from '../../core/base/errors.ts';
import { SECOND_MS } from '../../core/base/units.ts';
import { AGENT_ASSET } from '../../io/executable/assets.ts';
import type { Executable } from '../../io/executable/executable.ts';
import type { AgentSettings, MessageToAgent, MessageToHost } from '../messages.ts';

export interface AgentThread {
  send(message: MessageToAgent): void;
  /** Lets the agent close its connections, after which the thread ends. Waits a bounded time; never rejects. */
  stop(): Promise<void>;
}

export interface AgentThreadListeners {
  readonly onMessage: (message: MessageToHost) => void;
  /** The thread ended without being asked to: AGENT_FAILED. */
  readonly onFailure: (error: PeerpatchError) => void;
}

export type StartAgentThread = (settings: AgentSettings, listeners: AgentThreadListeners) => AgentThread;

/**
 * What the thread's short-lived objects take before they are collected. Each byte of a transfer crosses the addon as a number of
 * eight bytes, and by default Node 24 lets more than 100 MiB of them come together. What lives
 * longer is bounded as by default.
 */
const MAX_YOUNG_MIB = 12;

/** Longest wait for the agent to close its connections. */
const STOP_TIMEOUT_MS = 3 * SECOND_MS;
/** The same while the process is ending, where nothing else happens meanwhile. */
const EXIT_TIMEOUT_MS: number = SECOND_MS;

/**
 * Runs in the thread before the agent. stdout and stderr are the host's, so what the thread prints, warnings of the runtime
 * included, is dropped there: once it has crossed to the main thread, unread, it keeps the host alive.
 */
const SILENCE =
  'for (const stream of [process.stdout, process.stderr])' +
  ' Object.assign(stream, { _write: (_bytes, _encoding, done) => done(), _writev: (_all, done) => done() });';

/** Starts the agent that `program` carries; undefined when it carries none. */
export function agentThreadStarter(program: Executable): StartAgentThread | undefined {
  const asset = program.readAsset(AGENT_ASSET);
  if (asset === undefined) return undefined;
  return (settings, listeners) => {
    const worker = new Worker(SILENCE + new TextDecoder().decode(asset), {
      eval: true,
      name: 'peerpatch',
      workerData: settings,
      // Flags of the host (--inspect, --require, …) are not meant for the agent.
      execArgv: [],
      stdin: false,
      stdout: true,
      stderr: true,
      resourceLimits: { maxYoungGenerationSizeMb: MAX_YOUNG_MIB },
    });

    const stopAtExit = (): void => {
      stopBlocking(worker);
    };
    process.on('exit', stopAtExit);
    let stopping = false;
    const fail = (cause: unknown): void => {
      if (stopping) return;
      stopping = true;
      process.off('exit', stopAtExit);
      const what = cause instanceof Error ? cause.message : `exit code ${String(cause)}`;
      listeners.onFailure(new PeerpatchError('AGENT_FAILED', `the agent's thread ended: ${what}`, { cause }));
    };
    worker.on('message', listeners.onMessage);
    worker.on('error', fail);
    worker.on('exit', fail);
    // After the listeners, which would take it back.
    worker.unref();

    return {
      send: (message) => {
        worker.postMessage(message);
      },
      stop: async () => {
        if (stopping) return;
        stopping = true;
        await stopped(worker);
        process.off('exit', stopAtExit);
      },
    };
  };
}

/**
 * A thread that is cut off while packets arrive or the addon answers takes the process down with SIGABRT (Node 20, and the
 * addon on every Node): a host that ends normally must not seem to crash.
 */
function stopBlocking(worker: Worker): void {
  const closed = new Int32Array(new SharedArrayBuffer(4));
  worker.postMessage({ type: 'stop', closed } satisfies MessageToAgent);
  Atomics.wait(closed, 0, 0, EXIT_TIMEOUT_MS);
}

/**
 * The thread ends by itself once everything is closed. It is never terminated: an addon whose thread goes away in the
 * middle of a call takes the whole process with it.
 */
async function stopped(worker: Worker): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, STOP_TIMEOUT_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    worker.once('exit', done);
    worker.on('message', (message: MessageToHost) => {
      if (message.type === 'stopped') done();
    });
    worker.postMessage({ type: 'stop' } satisfies MessageToAgent);
  });
}
