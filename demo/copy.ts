/**
 * One running copy of the example program: starts it, reads its events, remembers what the demo has to prove.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { UpdaterEvent } from '../src/start/updater.ts';

/** What the program prints when it has started. */
export interface Started {
  readonly type: 'started';
  readonly version: string | undefined;
  readonly state: string;
  readonly reason?: string;
  readonly pid: number;
  readonly args: readonly string[];
  readonly tag: string | undefined;
  readonly cwd: string;
}

export type CopyLine = Started | { readonly type: 'hello' } | (UpdaterEvent & { readonly type: UpdaterEvent['type'] });

export interface CopyOptions {
  readonly name: string;
  readonly program: string;
  readonly folder: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export class Copy {
  readonly name: string;
  readonly startedAt = Date.now();
  /** Each start of the program: the first, and one for each restart. */
  readonly starts: Started[] = [];
  /** When each type of event was first seen, Unix milliseconds. */
  readonly firstSeen = new Map<string, number>();
  /** Payload of the update that crossed the wire: of all ways that were tried. */
  receivedBytes = 0;
  /** The ways that were tried, in order. */
  readonly ways: string[] = [];
  restartedAt: number | undefined;
  readonly #process: ChildProcess;
  #errors = '';

  constructor(options: CopyOptions, onLine: (copy: Copy, line: CopyLine) => void) {
    this.name = options.name;
    this.#process = spawn(options.program, options.args, {
      cwd: options.folder,
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process.stderr?.on('data', (text: Buffer) => (this.#errors += text.toString()));
    if (this.#process.stdout === null) throw new Error('no pipe to the program');
    createInterface(this.#process.stdout).on('line', (text) => {
      const line = JSON.parse(text) as CopyLine;
      this.#note(line);
      onLine(this, line);
    });
  }

  /** The process the demo started. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  get exited(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** What the program wrote to stderr: nothing, when all is well. */
  get errors(): string {
    return this.#errors;
  }

  /** Ends the program the way a service manager does, and waits for it. Also ends what it left behind. */
  async end(): Promise<void> {
    if (!this.exited) {
      const gone = new Promise((resolve) => this.#process.once('exit', resolve));
      this.#process.kill('SIGTERM');
      const timer = setTimeout(() => this.#process.kill('SIGKILL'), 5000);
      await gone;
      clearTimeout(timer);
    }
  }

  #note(line: CopyLine): void {
    if (!this.firstSeen.has(line.type)) this.firstSeen.set(line.type, Date.now());
    if (line.type === 'planned') this.ways.push(line.way);
    if (line.type === 'accepted') this.receivedBytes = line.totalBytes;
    if (line.type === 'started') {
      this.starts.push(line);
      if (this.starts.length > 1) this.restartedAt = Date.now();
    }
  }
}
