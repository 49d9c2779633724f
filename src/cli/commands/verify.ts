/**
 * `peerpatch verify`: whether a program is a release of an owner. Exit code 1 when it is refused.
 *
 * @module
 */
import { toHex, verifyProgram } from '../../index.ts';
import { createProgress } from '../progress.ts';
import type { RegisterCommand } from '../run.ts';
import { signatureJson, signatureText } from '../signature-lines.ts';
import { statementJson } from '../statement-lines.ts';

export const verifyCommand: RegisterCommand = (program, context, finish) => {
  program
    .command('verify')
    .description('check that a program is a release of an owner')
    .argument('<program>', 'the executable')
    .requiredOption('--public-key <z32>', "the owner's public key, as printed by gen")
    .action(
      finish(async (path: string, { publicKey }: { readonly publicKey: string }) => {
        const progress = createProgress(context, 'verifying');
        try {
          const { signal } = context;
          const verified = await verifyProgram({ program: path, publicKey, onProgress: progress.update, signal });
          const { version, release, statement, codeSignature } = verified;
          const stated = statement && [
            `its statement, too: ${statement.app} for ${statement.target}, channel ${statement.channel}, sequence ${statement.seq.toString()}`,
          ];
          return {
            text: [
              `${verified.path} is ${version}: signature, hash and size are the owner's`,
              ...(stated ?? []),
              ...(codeSignature === undefined ? [] : [`its code signature fits: ${signatureText(codeSignature)}`]),
            ].join('\n'),
            json: {
              path: verified.path,
              version,
              sizeBytes: release.sizeBytes,
              hash: toHex(release.hash),
              ...(statement !== undefined && { statement: statementJson(statement) }),
              ...(codeSignature !== undefined && { codeSignature: signatureJson(codeSignature) }),
            },
          };
        } finally {
          progress.done();
        }
      }),
    );
};
