/**
 * `peerpatch skip`: a program never takes a version, or may take it again.
 *
 * @module
 */
import { skipVersion, unskipVersion } from '../../index.ts';
import type { CommandResult } from '../context.ts';
import type { RegisterCommand } from '../run.ts';

export const skipCommand: RegisterCommand = (program, { env }, finish) => {
  program
    .command('skip')
    .description('let a program never take a version')
    .argument('<program>', 'the executable, running or not')
    .argument('<version>', 'the version not to take')
    .option('--undo', 'let it take the version again, also when it failed here before')
    .action(
      finish(async (path: string, version: string, { undo = false }: { readonly undo?: boolean }) => {
        if (undo) return await unskipped({ program: path, version, env });
        const skipped = await skipVersion({ program: path, version, env });
        return { text: `${skipped.path} does not take ${version}`, json: { ...skipped } };
      }),
    );
};

async function unskipped(options: Parameters<typeof unskipVersion>[0]): Promise<CommandResult> {
  const done = await unskipVersion(options);
  const { path, wasSkipped, lifted } = done;
  const ended = [...(wasSkipped ? ['skipped'] : []), ...(lifted.length > 0 ? ['in quarantine'] : [])];
  return {
    text:
      ended.length > 0
        ? `${path} may take ${options.version} again: it is no longer ${ended.join(' or ')}`
        : `${path}: ${options.version} was neither skipped nor in quarantine, as far as this user sees; run this as the user of the program`,
    json: { ...done },
  };
}
