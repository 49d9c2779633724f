/**
 * Signed executables of fixtures/host-app.ts, brought to the size the targets speak of.
 *
 * @module
 */
import { copyFile, open } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { ownerKeyFromSeed } from '../src/core/keys/owner-key.ts';
import { formatPublicKey } from '../src/core/keys/public-key.ts';
import { signProgram } from '../src/tools/sign-program.ts';
import { builtProgram } from '../test/e2e/support/executables.ts';

export const PROGRAM_BYTES = 150_000_000;

const OWNER = ownerKeyFromSeed(new Uint8Array(32).fill(12));
export const OWNER_PUBLIC_KEY: string = formatPublicKey(OWNER.publicKey);

export interface HostProgramOptions {
  readonly folder: string;
  /** `A.B.C` */
  readonly version: string;
  /** Path of the Node binary. */
  readonly node: string;
}

/** Path of the program in `folder`. */
export async function hostProgram({ folder, version, node }: HostProgramOptions): Promise<string> {
  const path = join(folder, `host-${version}`);
  await copyFile(await builtProgram({ entry: 'bench/fixtures/host-app.ts', version, node }), path);
  await lengthen(path);
  await signProgram({ program: path, key: OWNER });
  return path;
}

/** Bytes behind the end of an executable are no part of what the system loads. */
async function lengthen(path: string): Promise<void> {
  const file = await open(path, 'a');
  try {
    const { size } = await file.stat();
    if (size < PROGRAM_BYTES) await file.writeFile(randomBytes(PROGRAM_BYTES - size));
  } finally {
    await file.close();
  }
}
