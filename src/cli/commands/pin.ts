/**
 * `peerpatch pin`: a program stays on one version, or is free again.
 *
 * @module
 */
import { PeerpatchError, pinProgram, unpinProgram, type PinnedProgram } from '../../index.ts';
import type { CommandResult } from '../context.ts';
import type { RegisterCommand } from '../run.ts';

export const pinCommand: RegisterCommand = (program, { signal }, finish) => {
  program
    .command('pin')
    .description('let a program take one version and no other')
    .argument('<program>', 'the executable, running or not')
    .argument('[version]', 'the version to stay on, or to move to (default: the one in place)')
    .option('--off', 'let it take every version again')
    .action(
      finish(async (path: string, version: string | undefined, { off = false }: { readonly off?: boolean }) => {
        if (!off) return pinnedTo(await pinProgram({ program: path, version, signal }));
        if (version !== undefined) {
          throw new PeerpatchError('OPTION_INVALID', '--off is about whatever it is pinned to: give no version');
        }
        const { path: real, wasPin } = await unpinProgram(path);
        return {
          text: wasPin === undefined ? `${real} was not pinned` : `${real} is no longer pinned to ${wasPin}`,
          json: { path: real, wasPin: wasPin ?? null },
        };
      }),
    );
};

function pinnedTo({ path, pin, installed, isKept, isBelow }: PinnedProgram): CommandResult {
  const what =
    pin === installed
      ? 'it stays on it'
      : isBelow
        ? `${installed ?? ''} is in place, and nobody is led back by the network: ${
            isKept
              ? `"peerpatch rollback ${path} --to ${pin}" goes there`
              : 'no program of it is kept here, put one there by hand'
          }`
        : 'it moves to it when somebody offers it';
  return {
    text: `${path} is pinned to ${pin}: ${what}`,
    json: { path, pin, installed: installed ?? null, isBelow, isKept },
  };
}
