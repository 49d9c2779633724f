/**
 * `peerpatch status`: what is known on this machine about a program and its updates. Changes nothing.
 *
 * @module
 */
import { programStatus, type ProgramStatus } from '../../index.ts';
import { holderText } from '../holder-text.ts';
import type { RegisterCommand } from '../run.ts';

export const statusCommand: RegisterCommand = (program, context, finish) => {
  program
    .command('status')
    .description('show how the updates of a program stand on this machine')
    .argument('<program>', 'the executable, running or not')
    .action(
      finish(async (path: string) => {
        const { signal, env } = context;
        const status = await programStatus({ program: path, signal, env });
        return { text: statusLines(status).join('\n'), json: { ...status } };
      }),
    );
};

/** One thing a line: a name of ten characters, then its value. */
function statusLines(status: ProgramStatus): string[] {
  const { path, release, name, previous, quarantined, pin, skip, installing, problems } = status;
  const lines: [what: string, value: string | undefined][] = [
    ['program', path],
    ['version', release?.version ?? 'unknown: it holds no release'],
    ['release', release?.id],
    ['app', name && `${name.app} for ${name.target}, channel ${name.channel}`],
    ['update', updateLine(status)],
    ['installing', installing && holderText(installing)],
    ...previous.map((kept): [string, string] => ['kept', `${kept.version}  ${kept.path}`]),
    ['pinned to', pin],
    ...skip.map((version): [string, string] => ['skipped', version]),
    ...quarantined.map(({ version, reason, at, isOwn }): [string, string] => [
      'quarantine',
      `${version}  ${reason}, ${isoTime(at)}${isOwn ? '' : ' (another copy or program of this user)'}`,
    ]),
    ...problems.map((problem): [string, string] => ['problem', problem]),
  ];
  return lines.flatMap(([what, value]) => (value === undefined ? [] : [`${what.padEnd(10)} ${value}`]));
}

function updateLine({ journal, release }: ProgramStatus): string {
  if (journal === undefined) return 'none that has to prove itself';
  if (journal.phase === 'rolled-back') {
    const { from, to, reason, at } = journal;
    return `${from.version} was rolled back to ${to.version}, ${isoTime(at)}: ${reason}`;
  }
  const { to, from, starts, installedAt } = journal;
  const since = `put in place of ${from.version}, ${isoTime(installedAt)}`;
  if (release?.id !== to.id) return `${to.version}, begun and not in place: the next start of the program tidies up`;
  return `${to.version} has to prove itself: ${since}, ${starts === 1 ? '1 start' : `${starts} starts`} so far`;
}

function isoTime(ms: number): string {
  return ms <= 8.64e15 ? new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z') : `${ms} ms`;
}
