/**
 * `peerpatch rollback`: puts a kept program back in the place of the one that is there.
 *
 * @module
 */
import { rollBackProgram } from '../../index.ts';
import { holderText } from '../holder-text.ts';
import type { RegisterCommand } from '../run.ts';

interface RollbackFlags {
  readonly to?: string;
  readonly keepRelease?: boolean;
}

export const rollbackCommand: RegisterCommand = (program, context, finish) => {
  program
    .command('rollback')
    .description('put the previous program back')
    .argument('<program>', 'the executable, running or not')
    .option('--to <version>', 'which kept version (default: the newest below the one in place)')
    .option('--keep-release', 'do not put the version that is taken back into quarantine')
    .action(
      finish(async (path: string, { to, keepRelease }: RollbackFlags) => {
        const { signal, env, err } = context;
        const done = await rollBackProgram({
          program: path,
          to,
          keepRelease,
          signal,
          env,
          onWait: (holder) => {
            err(`waiting: ${holder === undefined ? 'somebody' : holderText(holder)} installs at this moment\n`);
          },
        });
        const { from, isQuarantined } = done;
        const again = isQuarantined
          ? `${from.version} is in quarantine: "peerpatch skip ${path} ${from.version} --undo" lifts it`
          : `${from.version} is not in quarantine: running copies may take it again at their next look; "peerpatch pin ${path}" keeps ${done.to.version}`;
        return {
          text: [
            `${done.path} is ${done.to.version} again, ${from.version} was taken back`,
            again,
            `copies that run go on with what they have loaded until you restart them`,
          ].join('\n'),
          json: { ...done },
        };
      }),
    );
};
