/**
 * `peerpatch fetch`: downloads and verifies the owner's newest program. The first install.
 *
 * @module
 */
import { fetchProgram, fetchStatedProgram, type PeerpatchError } from '../../index.ts';
import type { CliContext, CommandResult } from '../context.ts';
import { addNameFlags, namedBy, type Named, type NameFlags } from '../name-flags.ts';
import { addPeerFlags, peerOptions, type PeerFlags } from '../peer-flags.ts';
import { createProgress, type Progress } from '../progress.ts';
import type { RegisterCommand } from '../run.ts';
import { statementJson } from '../statement-lines.ts';

type FetchFlags = PeerFlags & NameFlags & { readonly out: string };

export const fetchCommand: RegisterCommand = (program, context, finish) => {
  const command = program.command('fetch').description("download and verify the owner's newest program");
  addNameFlags(addPeerFlags(command))
    .requiredOption('--out <file>', 'where to put the program; an existing file is not replaced')
    .action(
      finish(async (flags: FetchFlags) => {
        const named = namedBy(flags);
        const progress = createProgress(context, 'fetching');
        try {
          return named === undefined
            ? await fetchPlain(flags, context, progress)
            : await fetchNamed(flags, named, { context, progress });
        } finally {
          progress.done();
        }
      }),
    );
};

async function fetchPlain(flags: FetchFlags, context: CliContext, progress: Progress): Promise<CommandResult> {
  const fetched = await fetchProgram({
    ...peerOptions(flags, context.signal),
    out: flags.out,
    onFailure: failureTo(context),
    onProgress: progress.update,
  });
  return {
    text: `fetched ${fetched.version} into ${fetched.path}: signature, hash and size are the owner's`,
    json: { path: fetched.path, version: fetched.version, bytes: fetched.receivedBytes },
  };
}

const WAYS = { delta: 'by a delta', chunks: 'in chunks', whole: 'as a whole' } as const;

async function fetchNamed(
  flags: FetchFlags,
  named: Named,
  { context, progress }: { readonly context: CliContext; readonly progress: Progress },
): Promise<CommandResult> {
  const { path, statement, receivedBytes, from } = await fetchStatedProgram({
    ...peerOptions(flags, context.signal),
    ...named,
    out: flags.out,
    onFailure: failureTo(context),
    onPlan: (way, bytes) => {
      context.err(`fetching ${WAYS[way]}, about ${(bytes / 1e6).toFixed(1)} MB\n`);
    },
    onProgress: progress.update,
  });
  return {
    text: `fetched ${statement.version} into ${path}, ${receivedBytes} bytes from ${from}: it is what the owner's statement says`,
    json: { path, version: statement.version, bytes: receivedBytes, from, statement: statementJson(statement) },
  };
}

function failureTo({ err }: CliContext): (error: PeerpatchError) => void {
  return ({ code, message }) => {
    err(`${code}: ${message}\n`);
  };
}
