/**
 * `peerpatch build`: makes one executable from a script.
 *
 * @module
 */
import { buildProgram } from '../../index.ts';
import type { RegisterCommand } from '../run.ts';

interface BuildFlags {
  readonly out: string;
  readonly appVersion?: string;
  readonly node?: string;
  readonly packer?: string;
  readonly mirrorsOnly?: true;
}

export const buildCommand: RegisterCommand = (program, context, finish) => {
  program
    .command('build')
    .description('make one executable from a script')
    .argument('<entry>', 'TypeScript or JavaScript file the program starts with')
    .requiredOption('--out <file>', 'the executable to write; an existing one is replaced')
    .option('--app-version <version>', 'default: the version in the package.json nearest to the entry')
    .option('--node <path>', 'Node binary to build into (default: the one that runs this command)')
    .option('--packer <path>', 'with a Node binary for macOS elsewhere: one of the same version that runs here')
    .option('--mirrors-only', 'leave the transport out: the program is 20 MB smaller and updates from mirrors alone')
    .action(
      finish(async (entry: string, flags: BuildFlags) => {
        const built = await buildProgram({
          entry,
          out: flags.out,
          appVersion: flags.appVersion,
          node: flags.node,
          packer: flags.packer,
          hasTransport: flags.mirrorsOnly !== true,
          signal: context.signal,
          onProgress: (step) => {
            if (context.interactive) context.err(`${step}\n`);
          },
        });
        for (const warning of built.warnings) context.err(`warning: ${warning}\n`);
        const { out, version, sizeBytes, node, target, warnings } = built;
        return {
          text: `built ${out}: version ${version} for ${target} with Node ${node}, ${(sizeBytes / 1e6).toFixed(0)} MB; sign it next`,
          json: { path: out, version, bytes: sizeBytes, node, target, warnings },
        };
      }),
    );
};
