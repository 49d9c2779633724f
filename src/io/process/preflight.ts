/**
 * Tries a staged program out before it may replace anything: starts it once and asks what it is.
 *
 * It is to load what it needs, say its version and end, within a limit; what it starts meanwhile is killed with it, and what
 * it prints goes nowhere. Works in a worker thread. Spec: docs/spec/17-probation.md.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { PeerpatchError } from '../../core/base/errors.ts';
import { SECOND_MS } from '../../core/base/units.ts';
import type { ReleaseName } from '../../core/install/release-id.ts';
import {
  decodePreflightAnswer,
  MAX_PREFLIGHT_ANSWER_BYTES,
  PREFLIGHT_FD,
  PREFLIGHT_VARIABLE,
} from './preflight-wire.ts';
import { killFamily, watchOverFamily } from './process-group.ts';

export const DEFAULT_PREFLIGHT_TIMEOUT_MS: number = 10 * SECOND_MS;
/** Of what a failing program wrote to stderr so much is kept. */
const KEPT_STDERR_BYTES = 2048;
const LAST_WORDS_MS = 500;
const BUSY_ATTEMPTS = 20;
const BUSY_PAUSE_MS = 50;
/** What else silence may mean. */
const FOREIGN =
  'one that is not built with Peerpatch cannot say it, and takes "preflight: false" in the program that runs';

export interface PreflightOptions {
  /** The staged program: executable, closed by whoever wrote it. */
  readonly path: string;
  /** What it must say it is. */
  readonly release: ReleaseName;
  /** Default: {@link DEFAULT_PREFLIGHT_TIMEOUT_MS}. */
  readonly timeoutMs?: number | undefined;
  /** Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

/** How the program ended, or why it was not waited for. */
interface Outcome {
  readonly answer: string;
  readonly stderr: string;
  /** Undefined: it ended well. */
  readonly trouble: string | undefined;
}

/** @throws PeerpatchError PREFLIGHT_FAILED; CANCELLED when the signal aborts */
export async function runPreflight(options: PreflightOptions): Promise<void> {
  const { path, release, timeoutMs = DEFAULT_PREFLIGHT_TIMEOUT_MS, env = process.env, signal } = options;
  const nonce = randomBytes(16).toString('hex');
  const { answer, stderr, trouble } = await tryOutWhenClosed({ path, nonce, timeoutMs, env, signal });
  if (signal?.aborted === true)
    throw new PeerpatchError('CANCELLED', 'the preflight was stopped; nothing was replaced');
  const said = decodePreflightAnswer(answer);
  const wrong = trouble ?? whatIsWrong(said?.nonce === nonce ? said : undefined, release);
  if (wrong === undefined) return;
  throw new PeerpatchError(
    'PREFLIGHT_FAILED',
    `${release.version} was started once to try it out, and ${wrong}${lastWords(stderr)}: nothing was replaced, the old program goes on`,
  );
}

function whatIsWrong(said: ReleaseName | undefined, { version, id }: ReleaseName): string | undefined {
  if (said === undefined) return `ended without saying its version: it must call spawn before it ends (${FOREIGN})`;
  if (said.version !== version) return `says that it is ${said.version}`;
  return said.id === id ? undefined : 'says that it is another release of the same version';
}

interface Trial {
  readonly path: string;
  readonly nonce: string;
  readonly timeoutMs: number;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal | undefined;
}

/**
 * A child that the host starts at the wrong moment holds the file open for writing until it runs something else, and what
 * somebody writes to cannot be started. On Windows neither can what a scanner has just opened.
 */
async function tryOutWhenClosed(trial: Trial): Promise<Outcome> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await tryOut(trial);
    if (attempt === BUSY_ATTEMPTS || !isBusy(outcome.trouble)) return outcome;
    await pause(BUSY_PAUSE_MS);
  }
}

function isBusy(trouble: string | undefined): boolean {
  return /could not be started .*(?:ETXTBSY|EBUSY)/.test(trouble ?? '');
}

async function tryOut({ path, nonce, timeoutMs, env, signal }: Trial): Promise<Outcome> {
  const mark = `${PREFLIGHT_VARIABLE}=${nonce}`;
  const watch = watchOverFamily(mark);
  let child: ChildProcess;
  try {
    child = spawn(path, [], {
      env: { ...env, [PREFLIGHT_VARIABLE]: nonce },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      detached: true,
      windowsHide: true,
    });
  } catch (error) {
    watch.stop();
    return { answer: '', stderr: '', trouble: `could not be started (${(error as Error).message})` };
  }
  watch.started(child);
  const stderr = keepEnd(child.stderr, KEPT_STDERR_BYTES);
  const answer = keepStart(child.stdio[PREFLIGHT_FD] as Readable, MAX_PREFLIGHT_ANSWER_BYTES);
  let trouble: string | undefined;
  try {
    trouble = await endOf(child, { answer, timeoutMs, signal });
  } finally {
    watch.stop();
    killFamily(child, mark);
  }
  // Nobody writes any more. What was written last is on its way; who escaped may hold a pipe open.
  await Promise.race([Promise.all([closed(child.stderr), answer.complete]), pause(LAST_WORDS_MS)]);
  for (const stream of child.stdio) stream?.destroy();
  return { answer: answer.text(), stderr: stderr(), trouble };
}

function closed(stream: Readable | null): Promise<void> {
  return new Promise((resolve) => {
    if (stream === null || stream.closed) resolve();
    else stream.once('close', resolve);
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

interface Waiting {
  readonly answer: KeptStart;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Why it is no good, or undefined when it ended with 0 and its answer was read. */
function endOf(child: ChildProcess, { answer, timeoutMs, signal }: Waiting): Promise<string | undefined> {
  return new Promise((resolve) => {
    const stop = (): void => {
      end('was stopped');
    };
    const timer = setTimeout(() => {
      end(`did not say its version within ${timeoutMs / SECOND_MS} s (${FOREIGN})`);
    }, timeoutMs);
    const end = (trouble: string | undefined): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      resolve(trouble);
    };
    signal?.addEventListener('abort', stop);
    if (signal?.aborted === true) stop();
    child.once('error', (error) => {
      end(`could not be started (${error.message})`);
    });
    child.once('exit', (code, killedBy) => {
      if (killedBy !== null) end(`was killed by ${killedBy}`);
      else if (code !== 0) end(`ended with exit code ${String(code)}`);
      // What it wrote last may still be in the pipe. A grandchild may hold that open: then the limit ends it.
      else void answer.complete.then(() => { end(undefined); }); // prettier-ignore
    });
  });
}

interface KeptStart {
  readonly text: () => string;
  /** A line is there, or more than an answer may have, or the end. */
  readonly complete: Promise<void>;
}

function keepStart(stream: Readable, maxBytes: number): KeptStart {
  let kept = Buffer.alloc(0);
  const complete = new Promise<void>((resolve) => {
    stream.on('data', (bytes: Buffer) => {
      kept = Buffer.concat([kept, bytes.subarray(0, maxBytes + 1 - kept.length)]);
      if (kept.length > maxBytes || kept.includes(0x0a)) resolve();
    });
    stream.once('close', resolve);
    stream.on('error', () => undefined); // its end says all there is to say
  });
  return { text: () => kept.toString('utf8'), complete };
}

function keepEnd(stream: Readable | null, maxBytes: number): () => string {
  let kept = Buffer.alloc(0);
  stream?.on('data', (bytes: Buffer) => (kept = Buffer.concat([kept, bytes]).subarray(-maxBytes)));
  stream?.on('error', () => undefined);
  return () => kept.toString('utf8');
}

/** The last lines of what it wrote to stderr: a missing library is named there. Without control characters. */
function lastWords(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map(printable)
    .filter((line) => line !== '');
  return lines.length === 0 ? '' : ` (it wrote: ${lines.slice(-3).join(' / ').slice(-300)})`;
}

function printable(line: string): string {
  return line.replaceAll(/[^\x20-\x7e\u00a0-\uffff]+/g, ' ').trim();
}
