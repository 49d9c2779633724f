/**
 * The Node binary an executable is made from: checked before it is run, then asked what it is. One for macOS is read instead where
 * it cannot be run; then another one of the same version packs the program.
 *
 * @module
 */
import { createReadStream } from 'node:fs';
import { PeerpatchError } from '../../core/base/errors.ts';
import { SECOND_MS } from '../../core/base/units.ts';
import { runCommand } from '../process/command.ts';
import { readForeignBinary, type ForeignBinary } from './foreign-binary.ts';

export interface NodeBinary {
  readonly path: string;
  /** `20.20.2` */
  readonly version: string;
  /** `linux`, `darwin`, `win32` */
  readonly platform: string;
  /** `x64`, `arm64` */
  readonly arch: string;
  /** Path of the binary of the same version that runs here: this one, or another where it is for another system. */
  readonly packer: string;
  /** Whether its C library is glibc: musl elsewhere on Linux, meaningless on other systems. */
  readonly usesGlibc: boolean;
}

/** In joined form these bytes may stand once in an executable; a bundle that contains this file must not add them. */
const FUSE: readonly string[] = ['NODE_SEA_FUSE', 'fce680ab2cc467b6e072b8b5df1996b2'];
/** Node 20.12 is the first with assets. */
const OLDEST_NODE: readonly [number, number] = [20, 12];
const QUESTION =
  'const h = process.report.getReport().header; console.log(JSON.stringify({ version: process.versions.node, ' +
  'platform: process.platform, arch: process.arch, usesGlibc: !!h.glibcVersionRuntime }))';

/** The marker in a Node binary whose last character says whether it carries a program. */
export function seaFuse(): string {
  return FUSE.join('_');
}

export interface InspectNodeOptions {
  /** Path of a Node binary that runs here, for one that does not. */
  readonly packer?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** @throws PeerpatchError BUILD_FAILED */
export async function inspectNode(path: string, options: InspectNodeOptions = {}): Promise<NodeBinary> {
  const { packer = path, signal } = options;
  await checkFuse(path, signal);
  const foreign = await readForeignBinary(path, signal);
  const answer = foreign === undefined ? await ask(path, signal) : await askForeign(path, foreign, options);
  const { version } = answer;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    throw failed(`${path} is Node ${version}: executables need Node ${OLDEST_NODE.join('.')} or later`);
  }
  return { path, packer: foreign === undefined ? path : packer, ...answer };
}

type Answer = Omit<NodeBinary, 'path' | 'packer'>;

/** The form of what is packed is that of one version. */
async function askForeign(
  path: string,
  { platform, arch, version }: ForeignBinary,
  { packer, signal }: InspectNodeOptions,
): Promise<Answer> {
  if (version === undefined)
    throw failed(`${path} does not tell its version: take a Node binary from nodejs.org or npm`);
  const found = packer === undefined ? 'none' : (await ask(packer, signal)).version;
  if (found === version) return { version, platform, arch, usesGlibc: false };
  throw failed(
    `${path} is Node ${version} for ${platform}-${arch}, this machine's is ${found}: give a Node ${version} that runs here with --packer`,
  );
}

async function ask(path: string, signal: AbortSignal | undefined): Promise<Answer> {
  try {
    // No inherited NODE_OPTIONS: they may name files that only the caller's own Node can load.
    const env = { PATH: process.env['PATH'], SystemRoot: process.env['SystemRoot'] };
    return JSON.parse(await runCommand(path, ['-e', QUESTION], { env, timeoutMs: 30 * SECOND_MS, signal })) as Answer;
  } catch (cause) {
    signal?.throwIfAborted();
    throw failed(
      `${path} does not run on this machine (${(cause as Error).message}): give a Node binary of this system with --node, and build for others there`,
      cause,
    );
  }
}

/** A binary that already carries a program must not be run: it would run that program. */
async function checkFuse(path: string, signal: AbortSignal | undefined): Promise<void> {
  const fuse = Buffer.from(`${seaFuse()}:`);
  const states: string[] = [];
  try {
    let kept = Buffer.alloc(0);
    for await (const piece of createReadStream(path, { highWaterMark: 1 << 20, signal })) {
      const bytes = Buffer.concat([kept, piece as Buffer]);
      let at = bytes.indexOf(fuse);
      // A find without the character behind it is left for the next round.
      for (; at !== -1 && at + fuse.length < bytes.length; at = bytes.indexOf(fuse, at + 1)) {
        states.push(bytes.toString('latin1', at + fuse.length, at + fuse.length + 1));
      }
      kept = bytes.subarray(Math.max(bytes.length - fuse.length, 0));
    }
  } catch (cause) {
    signal?.throwIfAborted();
    throw failed(`cannot read ${path}: give the path of a Node binary with --node`, cause);
  }
  if (states.length === 0) {
    throw failed(`${path} is not a Node binary that can carry a program: take one from nodejs.org or npm with --node`);
  }
  if (states.length > 1 || states[0] !== '0') {
    throw failed(`${path} carries a program already: give a plain Node binary with --node`);
  }
}

function failed(message: string, cause?: unknown): PeerpatchError {
  return new PeerpatchError('BUILD_FAILED', message, { cause });
}
