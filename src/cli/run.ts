/**
 * Runs one command line: parses it, runs the command, prints its result, decides the exit code.
 *
 * 0 done · 1 the operation failed · 2 the command line is wrong. Does not exit the process: main.ts does.
 *
 * @module
 */
import { Command, CommanderError } from 'commander';
import { PeerpatchError } from '../index.ts';
import type { CliContext, CommandResult } from './context.ts';

export type ExitCode = 0 | 1 | 2;

/** Adds one command to the program. Its action reports through `finish`. */
export type RegisterCommand = (program: Command, context: CliContext, finish: Finish) => void;

/** Wraps a command's work into a commander action that prints the result or the error. */
export type Finish = <Args extends unknown[]>(
  work: (...args: Args) => Promise<CommandResult>,
) => (...args: Args) => Promise<void>;

/** @param argv without the program's own name: `['sign', 'app', '--key-file', 'k']` */
export async function runCli(
  argv: readonly string[],
  context: CliContext,
  commands: readonly RegisterCommand[],
  version: string,
): Promise<ExitCode> {
  const json = argv.includes('--json');
  let exitCode: ExitCode = 0;
  const finish: Finish =
    (work) =>
    async (...args) => {
      try {
        const result = await work(...args);
        context.out(json ? `${JSON.stringify(result.json)}\n` : `${result.text}\n`);
      } catch (error) {
        if (!(error instanceof PeerpatchError)) throw error; // a bug: show the stack
        exitCode = error.code === 'OPTION_INVALID' ? 2 : 1;
        reportFailure(context, json, error);
      }
    };

  const output = { writeOut: context.out, writeErr: json ? () => undefined : context.err };
  const program = new Command('peerpatch')
    .description('Secure, serverless self-update for standalone executables')
    .version(version)
    .showHelpAfterError('(run with --help for the options)')
    .exitOverride()
    .configureOutput(output);
  for (const register of commands) register(program, context, finish);
  for (const command of program.commands) {
    command.option('--json', 'print the result as one line of JSON');
    command.exitOverride().configureOutput(output);
  }

  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0; // commander has printed the help
    const message = error.message.replace(/^error: /, '');
    if (json) reportFailure(context, json, new PeerpatchError('OPTION_INVALID', message)); // without it commander has said so
    return 2;
  }
  return exitCode;
}

function reportFailure(context: CliContext, json: boolean, error: PeerpatchError): void {
  if (json) context.out(`${JSON.stringify({ error: { code: error.code, message: error.message } })}\n`);
  else context.err(`${error.code}: ${error.message}\n`);
}
