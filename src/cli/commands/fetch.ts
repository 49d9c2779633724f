/**
 * `peerpatch fetch`: downloads and verifies the owner's newest program. The first install.
 *
 * @module
 */
import { fetchProgram } from '../../index.ts';
import { addPeerFlags, peerOptions, type PeerFlags } from '../peer-flags.ts';
import { createProgress } from '../progress.ts';
import type { RegisterCommand } from '../run.ts';

export const fetchCommand: RegisterCommand = (program, context, finish) => {
  addPeerFlags(program.command('fetch').description("download and verify the owner's newest program"))
    .requiredOption('--out <file>', 'where to put the program; an existing file is not replaced')
    .action(
      finish(async (flags: PeerFlags & { readonly out: string }) => {
        const progress = createProgress(context, 'fetching');
        try {
          const fetched = await fetchProgram({
            ...peerOptions(flags, context.signal),
            out: flags.out,
            onFailure: (error) => {
              context.err(`${error.code}: ${error.message}\n`);
            },
            onProgress: progress.update,
          });
          return {
            text: `fetched ${fetched.version} into ${fetched.path}: signature, hash and size are the owner's`,
            json: { path: fetched.path, version: fetched.version, bytes: fetched.receivedBytes },
          };
        } finally {
          progress.done();
        }
      }),
    );
};
