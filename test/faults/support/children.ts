/**
 * Starts the child: once for an act that is to be killed, or as a worker that carries out one act after the other.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ACTS_OF_A_SHELL, type ActName } from '../child/acts.ts';
import type { ActOutcome, ActRequest } from '../child/messages.ts';
import type { Replacement } from './bundle.ts';
import type { Place } from './place.ts';
import { programIds, type TestPrograms } from './programs.ts';
import { armText, type Fault } from './shim.ts';

/** A hanging child is a failed case. */
const LIMIT_MS = 30_000;

export interface ChildParts {
  /** The bundle. */
  readonly entry: string;
  readonly shim: string;
  /** Steps of the product that are broken in it. */
  readonly replacements: readonly Replacement[];
  readonly programs: TestPrograms;
  readonly programsFolder: string;
}

export interface Ended {
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  readonly outcome: ActOutcome | undefined;
  readonly stderr: string;
}

export interface ActOptions {
  readonly act: ActName;
  readonly place: Place;
  readonly fault: Fault;
  /** For acts of workers. Default: 0. */
  readonly laterMs?: number;
  readonly mayWait?: boolean;
}

/** One act in a process of its own, under the shim from its first operation on. */
export function runAct(parts: ChildParts, options: ActOptions): Promise<Ended> {
  return startAct(parts, options).ended;
}

export interface RunningAct {
  readonly pid: number;
  readonly ended: Promise<Ended>;
}

export function startAct(parts: ChildParts, { act, place, fault }: ActOptions): RunningAct {
  const child = start(parts, ['act', act, place.root, parts.programsFolder], {
    [ACTS_OF_A_SHELL.includes(act) ? 'FAULTS_SHELL_ARM' : 'FAULTS_ARM']: armText(fault, place.root, place.trace),
    XDG_STATE_HOME: `${place.root}/state`,
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    child.stdout?.on('data', (text: Buffer) => (stdout += text.toString()));
    child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const outcome = stdout.endsWith('\n') ? (JSON.parse(stdout) as ActOutcome) : undefined;
      resolve({ signal, code, outcome, stderr });
    });
  });
  return { pid: child.pid ?? 0, ended };
}

/** Carries out acts in one process, one at a time. */
export class Worker {
  readonly #child: ChildProcess;
  #waiting: ((outcome: ActOutcome) => void) | undefined;
  #stderr = '';

  constructor(parts: ChildParts) {
    this.#child = start(parts, ['serve', parts.programsFolder], {});
    this.#child.stderr?.on('data', (text: Buffer) => (this.#stderr += text.toString()));
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        this.#answer(JSON.parse(line) as ActOutcome);
      });
    }
    this.#child.once('close', (code, signal) => {
      this.#answer({
        ok: false,
        code: undefined,
        text: `the process ended (${String(code ?? signal)}): ${this.#stderr}`,
      });
    });
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  act({ act, place, fault, laterMs = 0, mayWait = false }: ActOptions): Promise<ActOutcome> {
    // Without a fault nobody reads the trace.
    const arm = armText(fault, place.root, fault.kind === 'none' ? '' : place.trace);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), LIMIT_MS);
      this.#waiting = (outcome) => {
        clearTimeout(timer);
        resolve(outcome);
      };
      this.#child.stdin?.write(
        `${JSON.stringify({ act, root: place.root, arm, laterMs, mayWait } satisfies ActRequest)}\n`,
      );
    });
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }

  #answer(outcome: ActOutcome): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(outcome);
  }
}

function start(
  { entry, shim, programs }: ChildParts,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildProcess {
  return spawn(process.execPath, [entry, ...args], {
    env: {
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      LD_PRELOAD: shim,
      FAULTS_SHIM: shim,
      FAULTS_IDS: programIds(programs),
      // Where libuv hands file operations to the kernel by a ring, nobody in between sees them.
      UV_USE_IO_URING: '0',
      ...env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}
