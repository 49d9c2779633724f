/**
 * `peerpatch diff`: what a release will cost those who have an earlier one.
 *
 * @module
 */
import { diffPrograms, type DiffStep, type ProgramDiff } from '../../index.ts';
import { createStepProgress } from '../progress.ts';
import type { RegisterCommand } from '../run.ts';

const STEP_LABELS: Readonly<Record<DiffStep, string>> = {
  reading: 'reading the files  ',
  delta: 'making the delta   ',
  chunks: 'compressing chunks ',
};

export const diffCommand: RegisterCommand = (program, context, finish) => {
  program
    .command('diff')
    .description('show how many bytes the update from one file to another takes, by each way')
    .argument('<old>', 'the program that runs out there; any file, signed or not')
    .argument('<new>', 'the program to come')
    .option('--no-delta', 'make no delta: much faster, and chunks are usually larger')
    .action(
      finish(async (oldPath: string, newPath: string, { delta }: { readonly delta: boolean }) => {
        const progress = createStepProgress(context, STEP_LABELS);
        try {
          const { signal } = context;
          const found = await diffPrograms({ oldPath, newPath, delta, signal, onProgress: progress.update });
          return { text: describe(found), json: { ...found } };
        } finally {
          progress.done();
        }
      }),
    );
};

function describe(found: ProgramDiff): string {
  const { plan, bytes, delta, deltaNote, chunks, whole, oldSizeBytes, newSizeBytes, releaseBytes } = found;
  const row = (name: string, wayBytes: number, note: string): string =>
    `${name.padEnd(6)} ${String(wayBytes).padStart(12)} bytes ${share(wayBytes, newSizeBytes).padStart(9)}  ${note}`.trimEnd();
  const lines = [
    plan === 'none' ? 'the files are the same: nothing to fetch' : `the update takes ${bytes} bytes, by ${plan}`,
    `files  ${oldSizeBytes} bytes before, ${newSizeBytes} now`,
  ];
  if (delta !== undefined)
    lines.push(row('delta', delta.bytes, `a delta of ${delta.sizeBytes} bytes, made in ${seconds(delta.elapsedMs)}`));
  else if (deltaNote !== undefined) lines.push(`delta  none: ${deltaNote}`);
  lines.push(
    row('chunks', chunks.bytes, `${chunks.missing} new chunks, ${chunks.reused} kept, ${chunks.pages} new pages`),
    row('whole', whole.bytes, 'every chunk'),
  );
  if (releaseBytes > 0) lines.push(`statement and stamp are ${releaseBytes} bytes of each`);
  return lines.join('\n');
}

function share(bytes: number, of: number): string {
  return of === 0 ? '' : `${((bytes / of) * 100).toFixed(3)} %`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
