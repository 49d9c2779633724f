/**
 * `peerpatch sign`: signs a program with the owner's key.
 *
 * The key comes from a file, stdin or the environment, never from an argument: arguments are public on a machine.
 *
 * @module
 */
import {
  DEFAULT_KEY_FILE,
  findStatement,
  formatPublicKey,
  parseOwnerKey,
  PeerpatchError,
  readKeyFile,
  signProgram,
  toHex,
  type OwnerKey,
  type SignedProgram,
  type SignProgramOptions,
} from '../../index.ts';
import type { CliContext, CommandResult } from '../context.ts';
import { addNetworkFlags, peerOptions, type NetworkFlags } from '../peer-flags.ts';
import { createStepProgress } from '../progress.ts';
import type { RegisterCommand } from '../run.ts';
import { addStatementFlags, rolloutOf, secondsOf, type StatementFlags } from '../sign-flags.ts';
import { statementJson } from '../statement-lines.ts';

interface SignFlags extends StatementFlags, NetworkFlags {
  readonly keyFile?: string;
  readonly checkNetwork?: boolean;
  readonly appVersion?: string;
}

const STEP_LABELS = { copy: 'copying', image: 'cutting', delta: 'delta  ', sign: 'signing' } as const;

export const signCommand: RegisterCommand = (program, context, finish) => {
  const command = program
    .command('sign')
    .description("sign a program with the owner's key")
    .argument('<program>', 'the executable, made by "peerpatch build" or with a region of its own')
    .option('--key-file <path>', `the secret key; - reads stdin (default: $PEERPATCH_KEY, else ./${DEFAULT_KEY_FILE})`)
    .option('--app-version <version>', 'sign as this version instead of the one the build wrote');
  addStatementFlags(command).option(
    '--check-network',
    'look there for what was released under this name: the new release must be above it (default: no network is used)',
  );
  addNetworkFlags(command).action(
    finish(async (path: string, flags: SignFlags) => {
      const asked = statementOptions(flags);
      const key = await ownerKey(flags.keyFile, context);
      const findPublished = publishedBy(key, flags, context);
      const progress = createStepProgress(context, STEP_LABELS);
      try {
        const { signal } = context;
        const onProgress = progress.update;
        const signed = await signProgram({ ...asked, program: path, key, findPublished, onProgress, signal });
        progress.done();
        for (const warning of signed.warnings) context.err(`warning: ${warning}\n`);
        return resultOf(signed);
      } finally {
        progress.done();
      }
    }),
  );
};

function statementOptions(flags: SignFlags): Partial<SignProgramOptions> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  if (flags.ramp !== undefined && flags.rollout === undefined) {
    throw new PeerpatchError('OPTION_INVALID', 'cannot sign: --ramp says how --rollout grows: give both');
  }
  if (flags.checkNetwork !== true && (flags.dht !== undefined || flags.bindHost !== undefined)) {
    throw new PeerpatchError('OPTION_INVALID', 'cannot sign: --dht and --bind-host are for --check-network: give both');
  }
  if (flags.checkNetwork === true && flags.v0Only === true) {
    throw new PeerpatchError(
      'OPTION_INVALID',
      'cannot sign: --check-network looks for statements, --v0-only makes none',
    );
  }
  return {
    appVersion: flags.appVersion,
    app: flags.app,
    target: flags.target,
    channel: flags.channel,
    previous: flags.previous,
    expiresAt: flags.expires && secondsOf(flags.expires, nowSeconds),
    lowestVersion: flags.lowestVersion,
    isCritical: flags.critical,
    rollout: rolloutOf(flags, nowSeconds),
    mirrors: flags.mirror,
    notesUrl: flags.notes,
    seq: flags.seq,
    speaksV0: flags.v0,
    v0Only: flags.v0Only,
    adHoc: flags.adHoc,
  };
}

/** Undefined: machines that sign are often offline. */
function publishedBy(
  key: OwnerKey,
  flags: SignFlags,
  { err, signal }: CliContext,
): SignProgramOptions['findPublished'] {
  if (flags.checkNetwork !== true) return undefined;
  const publicKey = formatPublicKey(key.publicKey);
  return async (name, mirrors) => {
    const { statement } = await findStatement({
      ...peerOptions({ ...flags, publicKey }, signal),
      name,
      mirrors: [...new Set([...(flags.mirror ?? []), ...mirrors])],
      onFailure: ({ code, message }) => {
        err(`warning: ${code}: ${message}\n`);
      },
    });
    err(`on the network: ${statement?.version ?? 'no release under this name'}\n`);
    return statement;
  };
}

function resultOf({ path, version, publicKey, release, statement, deltas }: SignedProgram): CommandResult {
  const name = statement && `${statement.app} for ${statement.target}, channel ${statement.channel}`;
  return {
    text: [
      `signed ${path} as ${version} for owner ${publicKey}`,
      name === undefined ? 'without a statement: only whole programs are sent' : `statement: ${name}`,
      ...deltas.map(({ previous, sizeBytes, listed }) =>
        listed === undefined
          ? `delta from ${previous}: ${sizeBytes} bytes, more than the whole program takes: not listed`
          : `delta from ${previous}: ${sizeBytes} bytes, ${listed.path}`,
      ),
    ].join('\n'),
    json: {
      path,
      version,
      publicKey,
      sizeBytes: release.sizeBytes,
      hash: toHex(release.hash),
      signature: toHex(release.signature),
      ...(statement !== undefined && { statement: statementJson(statement) }),
      deltas: deltas.map(({ previous, sizeBytes, listed }) => ({
        previous,
        sizeBytes,
        listed: listed !== undefined,
        ...(listed !== undefined && { path: listed.path }),
      })),
    },
  };
}

async function ownerKey(keyFile: string | undefined, { env, err, readStdin }: CliContext): Promise<OwnerKey> {
  if (keyFile === '-') return parseOwnerKey(await readStdin(), 'stdin');
  if (keyFile !== undefined) return keyFromFile(keyFile, err);
  const fromEnv = env['PEERPATCH_KEY'];
  if (fromEnv === undefined) return keyFromFile(DEFAULT_KEY_FILE, err);
  // As a CI job sees a secret that it may not read.
  if (fromEnv.trim() === '')
    throw new PeerpatchError(
      'KEY_MALFORMED',
      `PEERPATCH_KEY is set and empty: give it the key, or unset it to use ./${DEFAULT_KEY_FILE}`,
    );
  return parseOwnerKey(fromEnv, 'PEERPATCH_KEY');
}

async function keyFromFile(path: string, err: CliContext['err']): Promise<OwnerKey> {
  const { text, openToOthers } = await readKeyFile(path);
  if (openToOthers) err(`warning: other users of this machine can read ${path}: run "chmod 600" on it\n`);
  return parseOwnerKey(text, path);
}
