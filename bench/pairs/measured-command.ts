/**
 * Runs a command to its end and tells what it cost, with the help of GNU time.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { Cost } from './outcome.ts';
import { findTool } from './tool.ts';

const run = promisify(execFile);
/** bsdiff needs minutes for a large pair. Longer than this is a hang. */
const TIMEOUT_MS = 60 * 60 * 1000;
const STDOUT_MAX_BYTES: number = 16 * 1024 * 1024;
const KIB = 1024;

export interface FinishedCommand extends Cost {
  readonly stdout: string;
}

/** @throws Error with a line of its stderr when the command fails */
export async function measureCommand(command: string, args: readonly string[]): Promise<FinishedCommand> {
  const folder = await mkdtemp(join(tmpdir(), 'peerpatch-bench-'));
  try {
    const time = await findTool('time');
    const costs = join(folder, 'costs');
    // GNU time starts the command from a small process: the kernel's figure would otherwise begin with the memory of this one.
    const whole = time === undefined ? [command, ...args] : [time.path, '-f', '%M', '-o', costs, command, ...args];
    const [first = '', ...rest] = whole;
    const start = performance.now();
    const { stdout } = await run(first, rest, { timeout: TIMEOUT_MS, maxBuffer: STDOUT_MAX_BYTES }).catch(
      (error: unknown) => {
        throw commandError(command, error as Error & { stderr?: string });
      },
    );
    const wallMs = performance.now() - start;
    const peakBytes = time === undefined ? undefined : Number((await readFile(costs, 'utf8')).trim()) * KIB;
    return { stdout, wallMs, peakBytes };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The line of its stderr that says what is wrong; a stack or a hint may follow it. */
function commandError(command: string, error: Error & { stderr?: string }): Error {
  const lines = (error.stderr ?? '').trim().split('\n');
  const said = lines.find((line) => /^\w*error\b/i.test(line)) ?? lines.at(-1) ?? '';
  return new Error(`${basename(command)} failed: ${said === '' ? error.message : said}`, { cause: error });
}
