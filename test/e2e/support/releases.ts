/**
 * Signed releases of one test owner: real executables with an updater, and small programs that stand for a newer one.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { rename, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { ownerKeyFromSeed, type OwnerKey } from '../../../src/core/keys/owner-key.ts';
import { formatPublicKey } from '../../../src/core/keys/public-key.ts';
import { createPlaceholder } from '../../../src/core/release/placeholder.ts';
import { parseVersion } from '../../../src/core/release/version.ts';
import { signSample, type SignedSample } from '../../../src/testing/sample-program.ts';
import { signProgram } from '../../../src/tools/sign-program.ts';
import { builtProgram } from './executables.ts';
import { tinyProgram } from './tiny-program.ts';

export const OWNER: OwnerKey = ownerKeyFromSeed(new Uint8Array(32).fill(7));
export const STRANGER: OwnerKey = ownerKeyFromSeed(new Uint8Array(32).fill(8));
export const PUBLIC_KEY: string = formatPublicKey(OWNER.publicKey);
export const STRANGER_PUBLIC_KEY: string = formatPublicKey(STRANGER.publicKey);
const HOST = 'test/e2e/support/updating-host.ts';

/** Path of an executable of updating-host.ts, not signed. Shared: copy it before changing it. */
export function unsignedHost(version: string, node: string): Promise<string> {
  return builtProgram({ entry: HOST, version, node });
}

/** Path of the same, signed by the owner. Shared: copy it before changing it. */
export async function signedHost(version: string, node: string): Promise<string> {
  const unsigned = await unsignedHost(version, node);
  const staged = `${unsigned}.signing-${String(process.pid)}`;
  const signed = `${unsigned}.signed`;
  try {
    await copyProgram(unsigned, staged);
    await signProgram({ program: staged, key: OWNER });
    await rename(staged, signed);
  } finally {
    await rm(staged, { force: true });
  }
  return signed;
}

/**
 * Copies in another process: a child that this one starts meanwhile would hold the unfinished copy open for an instant,
 * and what somebody writes to cannot be run (ETXTBSY).
 */
export async function copyProgram(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['--', from, to]);
}

/** A small program that says it runs, as updating-host.ts does, and stays. Tests wait for rules, not for bytes. */
export function tinyRelease(version: string, options: { sizeBytes?: number; key?: OwnerKey } = {}): SignedSample {
  const { sizeBytes = 20_000, key = OWNER } = options;
  const program = tinyProgram(`{"event":"start","generation":0,"version":"${version}"}\n`);
  const filler = new Uint8Array(sizeBytes - program.length - 196).fill(0x23);
  const half = filler.length >> 1;
  const stamp = createPlaceholder(parseVersion(version));
  return signSample(concatBytes(program, filler.subarray(0, half), stamp, filler.subarray(half)), key);
}
