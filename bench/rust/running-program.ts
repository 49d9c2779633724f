/**
 * One running program: what it says and when, which sockets it has, and its end.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

interface Line {
  readonly text: string;
  /** `performance.now()` when it was read. */
  readonly atMs: number;
}

/** Of what it wrote to stderr, as much as an error message may show. */
const KEPT_STDERR_CHARS = 4000;
const LASTING_MS = 1000;
const END_TIMEOUT_MS = 10_000;

export class RunningProgram {
  /** `performance.now()` just before it was started. */
  readonly startedMs: number;
  readonly #process: ChildProcess;
  readonly #lines: Line[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #ended: Promise<void>;
  #failure: string | undefined;
  #stderr = '';

  constructor([program, ...args]: readonly [string, ...string[]], env: Readonly<Record<string, string>>) {
    this.startedMs = performance.now();
    this.#process = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const { stdout, stderr } = this.#process;
    if (stdout === null || stderr === null) throw new TypeError(`no pipes to ${program}`);
    stderr.on('data', (text: Buffer) => (this.#stderr = (this.#stderr + text.toString()).slice(-KEPT_STDERR_CHARS)));
    createInterface(stdout).on('line', (text) => {
      this.#lines.push({ text, atMs: performance.now() });
      this.#wake();
    });
    this.#ended = new Promise((resolve) => {
      const end = (how: string): void => {
        this.#failure = `${program} ended with ${how}`;
        this.#wake();
        resolve();
      };
      this.#process.once('error', ({ message }) => {
        end(message);
      });
      this.#process.once('close', (code, signal) => {
        end(String(code ?? signal));
      });
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** When it said the line. Rejects when it ends before, or says nothing for so long. */
  async hears(text: string, timeoutMs: number): Promise<number> {
    const late = setTimeout(() => {
      this.#failure ??= `nobody said "${text}" within ${timeoutMs} ms`;
      this.#wake();
    }, timeoutMs);
    try {
      for (;;) {
        const line = this.#lines.find((each) => each.text === text);
        if (line !== undefined) return line.atMs;
        if (this.#failure !== undefined) throw new Error(`${this.#failure}:\n${this.#stderr}`);
        await new Promise<void>((resolve) => this.#waiting.add(resolve));
      }
    } finally {
      clearTimeout(late);
    }
  }

  /** The UDP ports of IPv4 it keeps bound: those of single questions to a name server come and go. */
  async lastingUdpPorts(timeoutMs: number): Promise<readonly number[]> {
    const deadline = performance.now() + timeoutMs;
    while (performance.now() < deadline) {
      const before = this.#udpPorts();
      await delay(LASTING_MS);
      const after = this.#udpPorts();
      if (before.length > 0 && before.join() === after.join()) return after;
    }
    throw new Error(`its UDP ports changed for ${timeoutMs} ms:\n${this.#stderr}`);
  }

  /** Gently: a guard takes SIGKILL for a crash of the new version, and starts the old one. */
  async end(): Promise<void> {
    this.#process.kill('SIGTERM');
    const late = setTimeout(() => this.#process.kill('SIGKILL'), END_TIMEOUT_MS);
    await this.#ended;
    clearTimeout(late);
  }

  #udpPorts(): readonly number[] {
    const folder = `/proc/${String(this.pid)}`;
    const inodes = new Set(readdirSync(`${folder}/fd`).map((fd) => socketInode(`${folder}/fd/${fd}`)));
    const sockets = readFileSync(`${folder}/net/udp`, 'utf8').trim().split('\n').slice(1);
    return sockets.flatMap((socket) => {
      const fields = socket.trim().split(/\s+/);
      const port = Number.parseInt(fields[1]?.split(':')[1] ?? '', 16);
      return inodes.has(fields[9]) ? [port] : [];
    });
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

function socketInode(descriptor: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(descriptor))?.[1];
  } catch {
    return undefined; // closed since the folder was read
  }
}
