/**
 * `peerpatch export`: writes signed programs into a folder that any web server can serve as a mirror.
 *
 * @module
 */
import { InvalidArgumentError } from 'commander';
import { exportMirror, toHex, type ExportedMirror } from '../../index.ts';
import { createProgress } from '../progress.ts';
import type { RegisterCommand } from '../run.ts';

interface ExportFlags {
  readonly publicKey: string;
  readonly out: string;
  readonly quality?: number;
}

export const exportCommand: RegisterCommand = (program, context, finish) => {
  program
    .command('export')
    .description('write signed programs into a folder that any web server can serve as a mirror')
    .argument('<program...>', 'signed programs of one owner')
    .requiredOption('--public-key <z32>', "the owner's public key, as printed by gen")
    .requiredOption('--out <folder>', 'the folder to serve; what is there stays')
    .option(
      '--quality <0-11>',
      'of the compression, default 5: 11 saves about 6 % and takes fifty times as long',
      parseQuality,
    )
    .action(
      finish(async (programs: readonly string[], { publicKey, out, quality }: ExportFlags) => {
        const progress = createProgress(context, 'exporting');
        try {
          const { signal } = context;
          const onProgress = progress.update;
          const exported = await exportMirror({ programs, publicKey, outFolder: out, quality, onProgress, signal });
          return { text: describe(exported), json: asJson(exported) };
        } finally {
          progress.done();
        }
      }),
    );
};

function parseQuality(text: string): number {
  if (!/^(\d|1[01])$/.test(text)) throw new InvalidArgumentError('a number from 0 to 11');
  return Number(text);
}

function describe({ folder, programs, warnings, filesWritten, bytesWritten, ...tally }: ExportedMirror): string {
  const { filesReused, bytesReused, filesRepaired } = tally;
  const lines = programs.map(
    ({ app, target, channel, version, listedDeltas, exportedDeltas, statement }) =>
      `${app} ${version} for ${target}, ${channel}: ${exportedDeltas} of ${listedDeltas} deltas, statement ${statement}`,
  );
  lines.push(
    `${folder}: ${filesWritten} files written (${megabytes(bytesWritten)} MB), ${filesReused} were there (${megabytes(bytesReused)} MB)`,
  );
  if (filesRepaired > 0) lines.push(`${filesRepaired} of those written were there, but damaged`);
  return [...lines, ...warnings.map((warning) => `warning: ${warning}`)].join('\n');
}

function asJson({ programs, ...exported }: ExportedMirror): Readonly<Record<string, unknown>> {
  return {
    ...exported,
    programs: programs.map((one) => ({ ...one, seq: one.seq.toString(), root: toHex(one.root) })),
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
