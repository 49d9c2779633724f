/**
 * `peerpatch sign`: signs a program with the owner's key.
 *
 * The key comes from a file, stdin or the environment, never from an argument: arguments are public on a machine.
 *
 * @module
 */
import { DEFAULT_KEY_FILE, parseOwnerKey, readKeyFile, signProgram, toHex, type OwnerKey } from '../../index.ts';
import type { CliContext } from '../context.ts';
import { createProgress } from '../progress.ts';
import type { RegisterCommand } from '../run.ts';

interface SignFlags {
  readonly keyFile?: string;
  readonly appVersion?: string;
}

export const signCommand: RegisterCommand = (program, context, finish) => {
  program
    .command('sign')
    .description("sign a program with the owner's key")
    .argument('<program>', 'the executable, made by "peerpatch build" or with a region of its own')
    .option('--key-file <path>', `the secret key; - reads stdin (default: $PEERPATCH_KEY, else ./${DEFAULT_KEY_FILE})`)
    .option('--app-version <x.y.z>', 'sign as this version instead of the one the build wrote')
    .action(
      finish(async (path: string, { keyFile, appVersion }: SignFlags) => {
        const key = await ownerKey(keyFile, context);
        const progress = createProgress(context, 'signing');
        try {
          const { signal } = context;
          const signed = await signProgram({ program: path, key, appVersion, onProgress: progress.update, signal });
          const { release, version, publicKey } = signed;
          return {
            text: `signed ${signed.path} as ${version} for owner ${publicKey}`,
            json: {
              path: signed.path,
              version,
              publicKey,
              sizeBytes: release.sizeBytes,
              hash: toHex(release.hash),
              signature: toHex(release.signature),
            },
          };
        } finally {
          progress.done();
        }
      }),
    );
};

async function ownerKey(keyFile: string | undefined, { env, err, readStdin }: CliContext): Promise<OwnerKey> {
  if (keyFile === '-') return parseOwnerKey(await readStdin());
  if (keyFile !== undefined) return keyFromFile(keyFile, err);
  const fromEnv = env['PEERPATCH_KEY'];
  return fromEnv === undefined ? keyFromFile(DEFAULT_KEY_FILE, err) : parseOwnerKey(fromEnv);
}

async function keyFromFile(path: string, err: CliContext['err']): Promise<OwnerKey> {
  const { text, openToOthers } = await readKeyFile(path);
  if (openToOthers) err(`warning: other users of this machine can read ${path}: run "chmod 600" on it\n`);
  return parseOwnerKey(text);
}
