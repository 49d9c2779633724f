/**
 * Builds an executable from a script: bundle, blob, copy of Node, one file that updates itself once it is signed.
 *
 * Everything is made in a folder beside the result and moved into place last. Spec: docs/guide/packaging.md.
 *
 * @module
 */
import { constants, createReadStream } from 'node:fs';
import { access, chmod, copyFile, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PeerpatchError } from '../core/base/errors.ts';
import { createPlaceholder } from '../core/release/placeholder.ts';
import { parseAppVersion, regionVersion } from '../core/statement/app-version.ts';
import { signatureIdentifier } from '../core/codesign/header.ts';
import { createMeasure } from '../core/stamp/measure.ts';
import { findAddon } from '../io/build/addon-package.ts';
import { bundle } from '../io/build/bundle.ts';
import { addCodeSignature } from '../io/build/code-signature.ts';
import { injectBlob, makeBlob } from '../io/build/injection.ts';
import { inspectNode, type NodeBinary } from '../io/build/node-binary.ts';
import { packageName } from '../io/build/package-name.ts';
import { packageVersion } from '../io/build/package-version.ts';
import { ADDON_ASSET, AGENT_ASSET, DESCRIPTION_ASSET, STAMP_ASSET } from '../io/executable/assets.ts';
import { encodeDescription } from '../io/executable/description.ts';
import { executableKind } from '../io/executable/executable.ts';

/** In this order. `inject` takes seconds, the others fractions of one. */
export const BUILD_STEPS = ['inspect', 'bundle', 'pack', 'inject', 'check'] as const;
export type BuildStep = (typeof BUILD_STEPS)[number];

export interface BuildProgramOptions {
  /** TypeScript or JavaScript file. */
  readonly entry: string;
  /** The executable to write. An existing file is replaced when the build has succeeded. */
  readonly out: string;
  /** `1.2.0` or `1.2.0-beta.1`, at most 16 characters. Default: the version in the package.json nearest to the entry. */
  readonly appVersion?: string | undefined;
  /** Path of the Node binary to build with and for. Default: the one that is running. */
  readonly node?: string | undefined;
  /** Path of a Node binary of the same version that runs here, where `node` is for macOS and this is not. Default: the one that is running. */
  readonly packer?: string | undefined;
  /** False: without the addon of the transport, 20 MB smaller. Such a program updates from mirrors alone. Default: true. */
  readonly hasTransport?: boolean | undefined;
  /** Script that runs in the agent's thread. Default: the agent. Tests of the build give a small one. */
  readonly agentEntry?: string | undefined;
  /** Called as each step begins. */
  readonly onProgress?: (step: BuildStep) => void;
  readonly signal?: AbortSignal;
}

export interface BuiltProgram {
  /** Absolute path. */
  readonly out: string;
  /** What "peerpatch sign" signs it as, unless told otherwise. */
  readonly version: string;
  readonly sizeBytes: number;
  /** Version of the Node inside: `20.20.2`. */
  readonly node: string;
  /** `linux-x64` */
  readonly target: string;
  /** What the bundler doubts, one sentence each. */
  readonly warnings: readonly string[];
}

/** Beside this file as source, or compiled. */
const inStart = (name: string): string =>
  fileURLToPath(new URL(`../start/${name}${extname(import.meta.url)}`, import.meta.url));
const AGENT_ENTRY: string = inStart('thread/agent-main');
/** What runs before the app. */
export const EARLY_START: string = inStart('probation/early-start');

/**
 * @throws PeerpatchError BUILD_FAILED, VERSION_MALFORMED, CANCELLED; nothing is left behind
 * @example
 * await buildProgram({ entry: 'app.ts', out: 'app', appVersion: '1.0.0' });
 */
export async function buildProgram(options: BuildProgramOptions): Promise<BuiltProgram> {
  const { onProgress, signal } = options;
  const entry = resolve(options.entry);
  const out = resolve(options.out);
  let folder: string | undefined;
  try {
    signal?.throwIfAborted();
    onProgress?.('inspect');
    await checkPaths(entry, out);
    const version = parseAppVersion(options.appVersion ?? (await packageVersion(entry)));
    const placeholder = createPlaceholder(version);
    const node = await inspectNode(options.node === undefined ? runningNode() : resolve(options.node), {
      packer: options.packer === undefined ? plainNode() : resolve(options.packer),
      signal,
    });
    const addon = options.hasTransport === false ? undefined : await findAddon(node);
    folder = await mkdtemp(join(dirname(out), `.${basename(out)}-`)); // on the result's file system
    const made = (name: string): string => join(folder ?? '', name);

    onProgress?.('bundle');
    const { code, warnings } = await bundle({ entry, before: EARLY_START, nodeVersion: node.version });
    const agent = await bundle({ entry: options.agentEntry ?? AGENT_ENTRY, nodeVersion: node.version });
    signal?.throwIfAborted();

    onProgress?.('pack');
    await writeFile(made('main.cjs'), code);
    await writeFile(made('agent.cjs'), agent.code);
    await writeFile(made('stamp'), placeholder);
    await writeFile(made('description.json'), encodeDescription({ appVersion: regionVersion(version), addon }));
    const blob = await makeBlob({
      node: node.packer,
      folder,
      main: made('main.cjs'),
      assets: {
        [STAMP_ASSET]: made('stamp'),
        [AGENT_ASSET]: made('agent.cjs'),
        ...(addon && { [ADDON_ASSET]: addon.path }),
        [DESCRIPTION_ASSET]: made('description.json'),
      },
      signal,
    });

    onProgress?.('inject');
    const program = made('program');
    await copyNode(node, program);
    await injectBlob(program, blob, signal);
    // Ahead of the check: what is signed later is the file with its code signature.
    await addCodeSignature(
      program,
      signatureIdentifier((await packageName(dirname(entry))) ?? basename(entry)),
      signal,
    );

    onProgress?.('check');
    await checkStamp(program, signal);
    const { size: sizeBytes } = await stat(program);
    await rename(program, out);
    const target = `${node.platform}-${node.arch}`;
    return { out, version, sizeBytes, node: node.version, target, warnings };
  } catch (cause) {
    throw asBuildFailure(cause, out, signal);
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function checkPaths(entry: string, out: string): Promise<void> {
  if ((await stat(entry).catch(() => undefined))?.isFile() !== true) {
    throw new PeerpatchError('BUILD_FAILED', `${entry} is not a file: give the script the program starts with`);
  }
  const folder = await access(dirname(out), constants.W_OK).catch((error: unknown) => error);
  if (folder !== undefined) {
    throw new PeerpatchError(
      'BUILD_FAILED',
      `cannot write to ${dirname(out)}: make the folder, or give another --out`,
      {
        cause: folder,
      },
    );
  }
  if ((await stat(out).catch(() => undefined))?.isDirectory() === true) {
    throw new PeerpatchError('BUILD_FAILED', `${out} is a folder: give the path of the file to write`);
  }
}

function runningNode(): string {
  const node = plainNode();
  if (node !== undefined) return node;
  throw new PeerpatchError('BUILD_FAILED', 'this process is not plain Node: give a Node binary with --node');
}

/** Undefined for an executable of ours and for Bun: run as a tool, they would start their own program instead of answering. */
function plainNode(): string | undefined {
  return executableKind() !== 'source' || process.versions['bun'] !== undefined ? undefined : process.execPath;
}

async function copyNode({ path }: NodeBinary, to: string): Promise<void> {
  await copyFile(path, to, constants.COPYFILE_FICLONE);
  await chmod(to, 0o755);
}

/** The region must be where signing will look for it: once, unchanged. */
async function checkStamp(program: string, signal: AbortSignal | undefined): Promise<void> {
  const measure = createMeasure();
  for await (const piece of createReadStream(program, { highWaterMark: 1 << 20, signal }))
    measure.update(piece as Buffer);
  measure.finish();
}

function asBuildFailure(cause: unknown, out: string, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) {
    return new PeerpatchError('CANCELLED', `the build of ${out} was stopped: nothing was written`, { cause });
  }
  if (cause instanceof PeerpatchError) {
    if (!/^(STAMP|CODE_SIGNATURE)_/.test(cause.code)) return cause;
    return new PeerpatchError('BUILD_FAILED', `the executable could not be signed later: ${cause.message}`, { cause });
  }
  // The system's own errors (disk full, no permission) have a code; anything else is a bug.
  if ((cause as NodeJS.ErrnoException).syscall === undefined) return cause;
  return new PeerpatchError('BUILD_FAILED', `cannot write ${out}: ${(cause as Error).message}`, { cause });
}
