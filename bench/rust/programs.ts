/**
 * The programs of the comparison: versions 1.0.0 and 1.1.0 of each system, all of one size to the byte.
 *
 * The Rust programs are a fifth of the Peerpatch ones, which carry Node; what is missing is filled up with bytes of a
 * Peerpatch program behind their end, where the system does not load them.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { appendFile, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ownerKeyFromSeed, type OwnerKey } from '../../src/core/keys/owner-key.ts';
import type { PublicKey } from '../../src/core/keys/public-key.ts';
import { PLACEHOLDER_BYTES } from '../../src/core/stamp/block.ts';
import { anchorBytes, boundBytes } from '../../src/core/stamp/marker.ts';
import { signProgram } from '../../src/tools/sign/sign-program.ts';
import { builtProgram } from '../../test/e2e/support/executables.ts';
import { nodesUnderTest } from '../../test/e2e/support/node-binaries.ts';
import { copyProgram } from '../../test/e2e/support/releases.ts';
import { program as rustProgram, type RustpatcherVersion } from '../../test/interop/support/workspaces.ts';

export const OLD_VERSION = '1.0.0';
export const NEW_VERSION = '1.1.0';
/** What the Peerpatch programs are stated as. */
export const APP = 'bench';

/** Paths of the two versions of one program. */
export interface ProgramPair {
  readonly old: string;
  readonly new: string;
}

export interface PeerpatchBuild extends ProgramPair {
  /** fixtures/installer.ts as an executable. */
  readonly installer: string;
  /** `Node 24.21.0` */
  readonly nodeName: string;
}

/** Unsigned; shared: copy them before changing them. */
export async function peerpatchPrograms(): Promise<PeerpatchBuild> {
  const node = (await nodesUnderTest()).find(({ hasExecve }) => hasExecve);
  if (node === undefined) throw new Error('no Node that replaces its process can be had: see the line above');
  const build = (entry: string, version: string): Promise<string> =>
    builtProgram({ entry: `bench/rust/fixtures/${entry}.ts`, version, node: node.path });
  return {
    old: await build('old-app', OLD_VERSION),
    new: await build('new-app', NEW_VERSION),
    installer: await build('installer', OLD_VERSION),
    nodeName: node.name,
  };
}

/** Built by cargo, unsigned; shared. */
export function rustPrograms(version: RustpatcherVersion): ProgramPair {
  const workspace = `rustpatcher-${version}` as const;
  return { old: rustProgram(workspace, 'app-old'), new: rustProgram(workspace, 'app-new') };
}

/** The size of the largest. */
export async function largestBytes(pairs: readonly ProgramPair[]): Promise<number> {
  const files = pairs.flatMap((pair) => [pair.old, pair.new]);
  return Math.max(...(await Promise.all(files.map(async (file) => (await stat(file)).size))));
}

export interface FillUpOptions {
  /** Gets `old` and `new`; the caller's. */
  readonly folder: string;
  readonly sizeBytes: number;
  /** What is appended, from its start. */
  readonly filler: Uint8Array;
}

/** Copies of the pair in the folder, all of one size. */
export async function filledUp(pair: ProgramPair, { folder, sizeBytes, filler }: FillUpOptions): Promise<ProgramPair> {
  const copies = { old: join(folder, 'old'), new: join(folder, 'new') };
  for (const which of ['old', 'new'] as const) {
    await copyProgram(pair[which], copies[which]);
    await appendFile(copies[which], filler.subarray(0, sizeBytes - (await stat(copies[which])).size));
  }
  return copies;
}

/** The bytes of a program without its stamp and anchor: a file with a second of them is no program. */
export async function fillerFrom(program: string): Promise<Uint8Array> {
  const bytes = await readFile(program);
  const start = bytes.indexOf(Buffer.from(anchorBytes()));
  const filler = Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + PLACEHOLDER_BYTES)]);
  if (start < 0 || filler.includes(Buffer.from(anchorBytes())) || filler.includes(Buffer.from(boundBytes()))) {
    throw new Error(`${program} has its region not once, directly behind its anchor`);
  }
  return filler;
}

/** Signed, by an owner of their own: what others have announced is not for them. */
export interface SignedPrograms {
  readonly updating: string;
  readonly seeding: string;
  readonly owner: PublicKey;
}

/** Copies of the pair in the folder, each signed by its region alone. */
export async function signedPlainly(pair: ProgramPair, folder: string): Promise<SignedPrograms> {
  const { key, updating, seeding } = await copied(pair, folder);
  // Rust's own signer writes the version of its crate: no update would ever be newer (docs/spec/03-release.md).
  await signProgram({ program: updating, key, appVersion: OLD_VERSION });
  await signProgram({ program: seeding, key, appVersion: NEW_VERSION });
  return { updating, seeding, owner: key.publicKey };
}

/** Copies of the pair in the folder, each with a statement, and a delta from the old to the new one beside the new one. */
export async function signedWithDelta(pair: ProgramPair, folder: string): Promise<SignedPrograms> {
  const { key, updating, seeding } = await copied(pair, folder);
  await signProgram({ program: updating, key, app: APP, appVersion: OLD_VERSION });
  await signProgram({ program: seeding, key, app: APP, appVersion: NEW_VERSION, previous: [updating] });
  return { updating, seeding, owner: key.publicKey };
}

/** A copy of the new program in the folder with a statement; who updates has nothing of it. */
export async function signedWhole(program: string, installer: string, folder: string): Promise<SignedPrograms> {
  const { key, updating, seeding } = await copied({ old: installer, new: program }, folder);
  await signProgram({ program: seeding, key, app: APP, appVersion: NEW_VERSION });
  return { updating, seeding, owner: key.publicKey };
}

async function copied(pair: ProgramPair, folder: string): Promise<Omit<SignedPrograms, 'owner'> & { key: OwnerKey }> {
  const paths = { updating: join(folder, 'updating'), seeding: join(folder, 'seeding') };
  await copyProgram(pair.old, paths.updating);
  await copyProgram(pair.new, paths.seeding);
  return { ...paths, key: ownerKeyFromSeed(Uint8Array.from(randomBytes(32))) };
}
