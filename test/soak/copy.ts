/**
 * One copy of the soak test: a program on an address and, unless it shares another copy's file, a machine of its own.
 *
 * Supervised copies are started again whenever their process ends, by a supervisor that their guards do not know. The others are on their own and are
 * started again only when a while after their end nobody has done it.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface Said {
  readonly event: string;
  readonly pid: number;
  readonly version?: string;
  readonly rssBytes?: number;
  readonly handles?: number;
  readonly [fact: string]: unknown;
}

export interface CopyOptions {
  readonly index: number;
  /** Folder for all that is this copy's alone. */
  readonly folder: string;
  /** The program file. */
  readonly path: string;
  readonly isSupervised: boolean;
  readonly env: Readonly<Record<string, string>>;
}

const SUPERVISOR_PAUSE_MS = 1000;
/** Guards wait some seconds before they start a program. */
const ALONE_PAUSE_MS = 10_000;
const LOOK_MS = 1000;

export class Copy {
  readonly address: string;
  readonly path: string;
  readonly folder: string;
  /** Times it was ended on purpose. */
  kills = 0;
  readonly #options: CopyOptions;
  #isEnding = false;

  constructor(options: CopyOptions) {
    this.#options = options;
    this.path = options.path;
    this.folder = options.folder;
    this.address = `127.0.1.${options.index + 1}`;
    mkdirSync(options.folder, { recursive: true });
    this.setClock(0);
  }

  start(): void {
    const { folder, index, env } = this.#options;
    const out = openSync(join(folder, 'said'), 'a');
    const err = openSync(join(folder, 'stderr'), 'a');
    const child = spawn(this.path, [`copy ${index}`], {
      detached: true,
      stdio: ['ignore', out, err],
      env: {
        ...env,
        HOME: folder,
        XDG_STATE_HOME: join(folder, 'state'),
        APP_BIND: this.address,
        SOAK_COPY: String(index),
        CLOCK_OFFSET: join(folder, 'clock'),
      },
    });
    closeSync(out);
    closeSync(err);
    const again = (): void => void this.#startAgain();
    child.once('exit', again);
    child.once('error', again);
  }

  /** After an end. A copy that is on its own is started only when nobody has done it for so long. */
  async #startAgain(): Promise<void> {
    if (this.#options.isSupervised) await delay(SUPERVISOR_PAUSE_MS);
    else {
      for (let waitedMs = 0; waitedMs < ALONE_PAUSE_MS && !this.#isEnding; waitedMs += LOOK_MS) {
        await delay(LOOK_MS);
        if (this.pids().length > 0) waitedMs = 0; // somebody else has started it: its end is looked for from now on
      }
    }
    if (!this.#isEnding) this.start();
  }

  /** Processes that run the program as this copy, guards not among them. */
  pids(): number[] {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && this.#isOurs(pid));
  }

  kill(): void {
    for (const pid of this.pids()) {
      this.kills++;
      end(pid, 'SIGKILL');
    }
  }

  /** Ends it for good. */
  stop(): void {
    this.#isEnding = true;
    for (const pid of this.pids()) end(pid, 'SIGKILL');
  }

  setClock(offsetSeconds: number): void {
    writeFileSync(join(this.folder, 'clock'), `${offsetSeconds}\n`);
  }

  /** Everything it has said; of a line that was cut by a kill nothing. */
  said(): Said[] {
    const text = readFileSync(join(this.folder, 'said'), 'utf8');
    return text.split('\n').flatMap((line) => {
      try {
        return [JSON.parse(line) as Said];
      } catch {
        return [];
      }
    });
  }

  #isOurs(pid: number): boolean {
    try {
      const variables = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
      const [called = ''] = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
      return (
        variables.includes(`SOAK_COPY=${this.#options.index}`) && !called.endsWith('sh') && !called.includes('sleep')
      );
    } catch {
      return false; // ended meanwhile
    }
  }
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // has ended already
  }
}
