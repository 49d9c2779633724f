/**
 * Two releases of fixtures/host-app.ts, signed, brought to the size the targets speak of.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { appendFile, copyFile, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ownerKeyFromSeed } from '../src/core/keys/owner-key.ts';
import { formatPublicKey } from '../src/core/keys/public-key.ts';
import type { SignProgramOptions } from '../src/tools/sign/sign-options.ts';
import { signProgram } from '../src/tools/sign/sign-program.ts';
import { builtProgram } from '../test/e2e/support/executables.ts';

export const PROGRAM_BYTES = 150_000_000;

const OWNER = ownerKeyFromSeed(new Uint8Array(32).fill(12));
export const OWNER_PUBLIC_KEY: string = formatPublicKey(OWNER.publicKey);
const HOST = 'bench/fixtures/host-app.ts';
const CHANGED_HOST = 'bench/fixtures/changed-host-app.ts';
const OLD_VERSION = '1.0.0';
export const NEW_VERSION = '1.1.0';

/**
 * How the second release reaches the first: `v0`: as one file, neither has a statement; `delta`: a few lines were changed, and the
 * owner made a delta; `chunks`: the same without it; `runtime`: it is made from another Node, so that most of it is missing;
 * `runtime-delta`: from another Node, but what was appended is the same, and the owner made a delta.
 */
export type UpdateKind = 'v0' | 'delta' | 'chunks' | 'runtime' | 'runtime-delta';

/** Paths of two releases. */
export interface ReleasePair {
  readonly old: string;
  readonly new: string;
}

export interface ReleasePairOptions {
  /** Gets a folder for each. */
  readonly folder: string;
  readonly kind: UpdateKind;
  /** Path of the Node binary. */
  readonly node: string;
  /** That of the second release; it counts for another runtime alone. */
  readonly otherNode?: string;
}

export async function releasePair({ folder, kind, node, otherNode }: ReleasePairOptions): Promise<ReleasePair> {
  const isOtherRuntime = kind === 'runtime' || kind === 'runtime-delta';
  if (isOtherRuntime && otherNode === undefined) throw new Error('there is no other Node to build a release with');
  const isChanged = kind === 'delta' || kind === 'chunks';
  const hasDelta = kind === 'delta' || kind === 'runtime-delta';
  const filler = randomBytes(PROGRAM_BYTES);
  const old = await sizedProgram(join(folder, 'old'), { entry: HOST, version: OLD_VERSION, node, filler });
  const newer = await sizedProgram(join(folder, 'new'), {
    entry: isChanged ? CHANGED_HOST : HOST,
    version: NEW_VERSION,
    node: isOtherRuntime ? (otherNode ?? node) : node,
    filler: isChanged || hasDelta ? filler : randomBytes(PROGRAM_BYTES),
  });
  if (kind === 'v0') {
    for (const program of [old, newer]) await signProgram({ program, key: OWNER, v0Only: true });
  } else {
    await signStated({ program: old, seq: 1n });
    await signStated({ program: newer, seq: 2n, ...(hasDelta && { previous: [old] }) });
  }
  return { old, new: newer };
}

/** Path of one release in the folder. */
export async function statedProgram(folder: string, node: string): Promise<string> {
  const filler = randomBytes(PROGRAM_BYTES);
  const program = await sizedProgram(folder, { entry: HOST, version: OLD_VERSION, node, filler });
  await signStated({ program });
  return program;
}

async function signStated(options: Omit<SignProgramOptions, 'key' | 'app'>): Promise<void> {
  await signProgram({ ...options, key: OWNER, app: 'bench' });
}

interface SizedProgram {
  readonly entry: string;
  /** `A.B.C` */
  readonly version: string;
  /** Path of the Node binary. */
  readonly node: string;
  /** Bytes behind the end of an executable are no part of what the system loads. */
  readonly filler: Uint8Array;
}

async function sizedProgram(folder: string, { filler, ...source }: SizedProgram): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'host');
  await copyFile(await builtProgram(source), path);
  const { size } = await stat(path);
  await appendFile(path, filler.subarray(0, Math.max(0, PROGRAM_BYTES - size)));
  return path;
}
