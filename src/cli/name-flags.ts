/**
 * The flags of `check` and `fetch` that name what is looked for: a stated release, or with none of them one of the v0 profile.
 *
 * @module
 */
import { type Command } from 'commander';
import { PeerpatchError, type StatementName } from '../index.ts';

export interface NameFlags {
  readonly app?: string;
  readonly target?: string;
  readonly channel?: string;
  readonly mirror?: readonly string[];
}

export interface Named {
  readonly name: StatementName;
  readonly mirrors: readonly string[];
}

const THIS_TARGET = `${process.platform}-${process.arch}`;

export function addNameFlags(command: Command): Command {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  return command
    .option('--app <name>', 'what the release is of; without it, a release without a statement is looked for')
    .option('--target <os-cpu>', `what it is to run on (default: this machine, ${THIS_TARGET})`)
    .option('--channel <name>', 'which releases (default: stable)')
    .option('--mirror <url>', 'a folder of "peerpatch export" to ask, too; may be given several times', collect);
}

/** Undefined without `--app`. @throws PeerpatchError OPTION_INVALID for flags that say nothing without it */
export function namedBy({ app, target, channel, mirror }: NameFlags): Named | undefined {
  if (app !== undefined) {
    return { name: { app, target: target ?? THIS_TARGET, channel: channel ?? 'stable' }, mirrors: mirror ?? [] };
  }
  if (target === undefined && channel === undefined && mirror === undefined) return undefined;
  throw new PeerpatchError(
    'OPTION_INVALID',
    '--target, --channel and --mirror are about a stated release: give --app, too',
  );
}
