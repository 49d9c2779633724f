/**
 * `peerpatch gen`: makes an owner's key pair.
 *
 * @module
 */
import { createKey, DEFAULT_KEY_FILE } from '../../index.ts';
import type { RegisterCommand } from '../run.ts';

export const genCommand: RegisterCommand = (program, _context, finish) => {
  program
    .command('gen')
    .description("make an owner's key pair; an existing file is never overwritten")
    .argument('[path]', 'the file for the secret key', DEFAULT_KEY_FILE)
    .action(
      finish(async (file: string) => {
        const { path, publicKey } = await createKey(file);
        return {
          text: [
            `secret key  ${path}   keep it safe and private: whoever has it can update every copy`,
            `public key  ${publicKey}`,
            '',
            'put this into your program:',
            '',
            "  import { spawn } from 'peerpatch';",
            '',
            `  spawn({ publicKey: '${publicKey}' }).catch(console.error);`,
          ].join('\n'),
          json: { path, publicKey },
        };
      }),
    );
};
