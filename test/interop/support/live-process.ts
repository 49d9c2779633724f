/**
 * A program that runs beside the tests: what it says, line by line, and its end.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export interface LiveProcessOptions {
  readonly path: string;
  readonly args?: readonly string[];
  /** The whole environment but `PATH`. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How much of what was said goes into the message of a failure. */
const TOLD_LINES = 40;

export class LiveProcess {
  /** Lines of stdout. */
  readonly out: string[] = [];
  /** Lines of stderr. */
  readonly err: string[] = [];
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly #child: ChildProcess;
  readonly #path: string;
  #hasEnded = false;
  #waiting: (() => void)[] = [];

  constructor({ path, args = [], env = {} }: LiveProcessOptions) {
    this.#path = path;
    this.#child = spawn(path, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '', ...env },
    });
    this.#read('stdout', this.out);
    this.#read('stderr', this.err);
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        this.#hasEnded = true;
        resolve({ code, signal });
        this.#wake();
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return !this.#hasEnded;
  }

  /** What it has read so far, from files and pipes; datagrams do not count. */
  readBytes(): number {
    return Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${this.pid}/io`, 'latin1'))?.[1]);
  }

  /**
   * The first line of stdout or stderr that fits, said before or still to come; `from` leaves out that many lines that fit.
   *
   * @throws Error when the program ends without it; the test's own limit ends the waiting
   */
  async says(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    for (;;) {
      const found = [...this.out, ...this.err].map((line) => pattern.exec(line)).filter((match) => match !== null);
      const match = found[from];
      if (match !== undefined) return match;
      if (this.#hasEnded) throw new Error(`${this.#path} ended without saying ${String(pattern)}\n${this.told()}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** The last of what it said, for messages. */
  told(): string {
    return [...this.out.slice(-TOLD_LINES), ...this.err.slice(-TOLD_LINES)].join('\n');
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it at once if it still runs. */
  async stop(): Promise<void> {
    this.kill('SIGKILL');
    await this.ended;
  }

  #read(name: 'stdout' | 'stderr', lines: string[]): void {
    const stream = this.#child[name];
    if (stream === null) return;
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      this.#wake();
    });
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
