/**
 * Runs one command line in this process and catches what it says.
 *
 * @module
 */
import type { CliContext } from '../../src/cli/context.ts';
import { runCli, type ExitCode, type RegisterCommand } from '../../src/cli/run.ts';

export interface CliRun {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
  /** What stdout holds as JSON. */
  readonly json: () => unknown;
}

export interface CliOptions {
  readonly env?: CliContext['env'];
  readonly stdin?: string;
  readonly signal?: AbortSignal;
}

export async function cli(
  command: RegisterCommand,
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliRun> {
  const { env = {}, stdin = '', signal = new AbortController().signal } = options;
  let [out, err] = ['', ''];
  const context: CliContext = {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    readStdin: () => Promise.resolve(stdin),
    env,
    interactive: false,
    signal,
  };
  const code = await runCli(args, context, [command], '0.0.0');
  return { code, out, err, json: () => JSON.parse(out) as unknown };
}
