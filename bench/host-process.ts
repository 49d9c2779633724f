/**
 * One running executable of fixtures/host.ts: starts it, tells it what to do, waits for what it says.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { HostCommand, HostLine } from './fixtures/host.ts';

type LineOf<Type extends HostLine['type']> = Extract<HostLine, { readonly type: Type }>;

export class HostProcess {
  readonly #process: ChildProcess;
  readonly #lines: HostLine[] = [];
  readonly #waiting = new Set<() => void>();
  #failure: Error | undefined;

  constructor([program, ...args]: readonly [string, ...string[]], env: Readonly<Record<string, string>>) {
    const { PATH = '', HOME = '' } = process.env;
    this.#process = spawn(program, args, { env: { PATH, HOME, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process.stdin?.on('error', () => undefined); // it has ended: `exit` tells
    this.#process.once('error', (error) => {
      this.#fail(error);
    });
    this.#process.once('exit', (code, signal) => {
      this.#fail(new Error(`${program} ended with ${String(code ?? signal)}`));
    });
    if (this.#process.stdout === null) throw new TypeError('no pipe to the host');
    createInterface(this.#process.stdout).on('line', (text) => {
      const line = JSON.parse(text) as HostLine;
      this.#lines.push(line);
      if (line.type === 'error') this.#fail(new Error(`${line.during} failed: ${line.code}: ${line.message}`));
      this.#wake();
    });
  }

  tell(command: HostCommand): void {
    this.#process.stdin?.write(`${command}\n`);
  }

  /** Everything of one type it has said so far, oldest first. */
  said<Type extends HostLine['type']>(type: Type): readonly LineOf<Type>[] {
    return this.#lines.filter((line): line is LineOf<Type> => line.type === type);
  }

  /** The `count`th line of the type. Rejects when the process ends or its agent reports an error before. */
  async hears<Type extends HostLine['type']>(type: Type, count = 1): Promise<LineOf<Type>> {
    for (;;) {
      const line = this.said(type)[count - 1];
      if (line !== undefined) return line;
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Asks and waits for the answer. */
  async ask<Answer extends 'watched' | 'usage'>(command: HostCommand, answer: Answer): Promise<LineOf<Answer>> {
    const asked = this.said(answer).length;
    this.tell(command);
    return this.hears(answer, asked + 1);
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await gone;
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }
}
