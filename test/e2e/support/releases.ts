/**
 * Signed releases of one test owner: real executables with an updater, and small programs that stand for a newer one.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { copyFile, open, readFile, rename, rm, utimes } from 'node:fs/promises';
import { promisify } from 'node:util';
import { readRelease } from '../../../src/agent/read-release.ts';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { ownerKeyFromSeed, type OwnerKey } from '../../../src/core/keys/owner-key.ts';
import { formatPublicKey } from '../../../src/core/keys/public-key.ts';
import { createPlaceholder } from '../../../src/core/release/placeholder.ts';
import { parseVersion } from '../../../src/core/release/version.ts';
import { PLACEHOLDER_BYTES } from '../../../src/core/stamp/block.ts';
import type { SignedStatement } from '../../../src/core/statement/statement.ts';
import { openProgram } from '../../../src/io/files/open-program.ts';
import {
  signSample,
  signSampleStatement,
  type SampleStatement,
  type SignedSample,
  type StatedSample,
} from '../../../src/testing/sample-program.ts';
import type { SignProgramOptions } from '../../../src/tools/sign/sign-options.ts';
import { signProgram, type SignedProgram } from '../../../src/tools/sign/sign-program.ts';
import { programName } from '../../support/program-name.ts';
import { builtProgram } from './executables.ts';
import { tinyProgram } from './tiny-program.ts';

export const OWNER: OwnerKey = ownerKeyFromSeed(new Uint8Array(32).fill(7));
export const STRANGER: OwnerKey = ownerKeyFromSeed(new Uint8Array(32).fill(8));
export const PUBLIC_KEY: string = formatPublicKey(OWNER.publicKey);
export const STRANGER_PUBLIC_KEY: string = formatPublicKey(STRANGER.publicKey);
/** The name everything is stated under, for this machine's target and channel `stable`. */
const APP = 'e2e';
const HOST = 'test/e2e/support/updating-host.ts';
const BEHAVING_HOST = 'test/e2e/support/behaving-host.ts';
const CHANGED_HOST = 'test/e2e/support/changed-host.ts';

/** Path of an executable of updating-host.ts, not signed. Shared: copy it before changing it. */
export function unsignedHost(version: string, node: string): Promise<string> {
  return builtProgram({ entry: HOST, version, node });
}

/** The same after some work: changed-host.ts. */
export function unsignedChangedHost(version: string, node: string): Promise<string> {
  return builtProgram({ entry: CHANGED_HOST, version, node });
}

/** Path of an executable of behaving-host.ts, not signed. Shared: copy it before changing it. */
export function unsignedBehavingHost(version: string, node: string): Promise<string> {
  return builtProgram({ entry: BEHAVING_HOST, version, node });
}

/** Writes into the slot of behaviour.ts what the program at `path` is to do. */
export async function giveBehaviour(path: string, behaviour: string): Promise<void> {
  const slot = 'the behaviour of this test program=';
  await replaceOnce(path, `${slot}${'.'.repeat(24)}`, `${slot}${behaviour.padEnd(24, '.')}`);
}

/** Writes `to` over the one place where the file has `from`. */
export async function replaceOnce(path: string, from: string, to: string): Promise<void> {
  if (from.length !== to.length) throw new Error(`${from} and ${to} must be of one length`);
  const bytes = await readFile(path);
  const at = bytes.indexOf(from, 0, 'latin1');
  if (at < 0 || bytes.includes(from, at + 1, 'latin1')) throw new Error(`${from} must stand in ${path} once`);
  await writeAt(path, at, Buffer.from(to, 'latin1'));
}

export async function writeAt(path: string, offset: number, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.write(bytes, 0, bytes.length, offset);
  } finally {
    await file.close();
  }
}

/** What the owner signs beside what the program itself tells. */
type SignOptions = Omit<SignProgramOptions, 'program' | 'key'>;

/** Path of the same, signed by the owner with a statement. Shared: copy it before changing it. */
export function signedHost(version: string, node: string): Promise<string> {
  return signedOnce(version, node, 'stated');
}

/** Path of the same in the v0 profile. Shared: copy it before changing it. */
export function signedV0Host(version: string, node: string): Promise<string> {
  return signedOnce(version, node, 'v0');
}

async function signedOnce(version: string, node: string, profile: 'stated' | 'v0'): Promise<string> {
  const unsigned = await unsignedHost(version, node);
  const staged = `${unsigned}.signing-${String(process.pid)}`;
  const signed = programName(`${unsigned}.${profile}`);
  if (await touched(signed)) return signed;
  try {
    await copyProgram(unsigned, staged);
    if (profile === 'stated') await signStated(staged, version);
    else await signProgram({ program: staged, key: OWNER, v0Only: true });
    await rename(staged, signed);
  } finally {
    await rm(staged, { force: true });
  }
  return signed;
}

/** Signs a program where it is, with a sequence number that grows with the version. */
export function signStated(program: string, version: string, options: SignOptions = {}): Promise<SignedProgram> {
  return signProgram({ program, key: OWNER, appVersion: version, app: APP, seq: seqOf(version), ...options });
}

/** What the owner states in the program at this path. */
export async function statementIn(program: string): Promise<SignedStatement> {
  const file = await openProgram(program);
  try {
    const { statement } = await readRelease(file, OWNER.publicKey);
    if (statement === undefined) throw new Error(`${program} has no statement`);
    return statement;
  } finally {
    await file.close();
  }
}

/**
 * Copies in another process: a child that this one starts meanwhile would hold the unfinished copy open for an instant,
 * and what somebody writes to cannot be run (ETXTBSY). Windows gives children no such files, and has no `cp`.
 */
export async function copyProgram(from: string, to: string): Promise<void> {
  if (process.platform === 'win32') await copyFile(from, to);
  else await promisify(execFile)('cp', ['--', from, to]);
}

interface TinyOptions {
  readonly sizeBytes?: number;
  /** What the program is filled up with does not compress, and no two chunks of it are the same. */
  readonly isRandom?: boolean;
  readonly key?: OwnerKey;
  /** What its statement says beside that. */
  readonly stated?: SampleStatement;
}

/** A small program that says it runs, as updating-host.ts does, and stays. Tests wait for rules, not for bytes. */
export function tinyRelease(version: string, options: TinyOptions = {}): StatedSample {
  const { key = OWNER, stated } = options;
  return signSampleStatement(unsignedTiny(version, options), key, { app: APP, seq: seqOf(version), ...stated });
}

/** The same in the v0 profile. */
export function tinyV0Release(version: string, options: TinyOptions = {}): SignedSample {
  const { key = OWNER } = options;
  return signSample(unsignedTiny(version, options), key);
}

function unsignedTiny(version: string, { sizeBytes = 20_000, isRandom = false }: TinyOptions): Uint8Array {
  const program = tinyProgram(`{"event":"start","generation":0,"version":"${version}"}\n`);
  const filler = new Uint8Array(sizeBytes - program.length - PLACEHOLDER_BYTES).fill(0x23);
  if (isRandom) randomFillSync(filler);
  const half = filler.length >> 1;
  const stamp = createPlaceholder(parseVersion(version));
  return concatBytes(program, filler.subarray(0, half), stamp, filler.subarray(half));
}

/** The same whenever a program is signed: what one test signed earlier is no older for the next. */
function seqOf(version: string): bigint {
  const { major, minor, patch } = parseVersion(version);
  return BigInt((major * 1000 + minor) * 1000 + patch);
}

/** Whether it is there. What is used is young: executables.ts removes the others. */
async function touched(path: string): Promise<boolean> {
  const now = new Date();
  return await utimes(path, now, now).then(
    () => true,
    () => false,
  );
}
