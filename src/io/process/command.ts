/**
 * Runs another program to its end and gives what it printed.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export interface CommandOptions {
  /** Default: this process's. NODE_OPTIONS and the like are for the caller to leave out. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** The program is killed after this time. */
  readonly timeoutMs: number;
  /** Kills the program. */
  readonly signal?: AbortSignal | undefined;
}

/** @returns stdout. @throws Error with what the program wrote to stderr; the abort reason when aborted */
export async function runCommand(file: string, args: readonly string[], options: CommandOptions): Promise<string> {
  const { env, cwd, timeoutMs, signal } = options;
  try {
    const { stdout } = await execute(file, args, {
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      ...(env && { env }),
      ...(cwd !== undefined && { cwd }),
      ...(signal && { signal }),
    });
    return stdout;
  } catch (cause) {
    signal?.throwIfAborted();
    const { stderr, message, code } = cause as Error & { stderr?: string; code?: unknown };
    const lastWords = stderr?.trim().split('\n').slice(-3).join(' / ');
    throw new Error(lastWords || `${message.split('\n', 1)[0] ?? ''} (${String(code)})`, { cause });
  }
}
