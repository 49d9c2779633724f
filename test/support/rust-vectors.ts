/**
 * The vectors that the Rust crates made (test/vectors/README.md), and the rule their inputs follow.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isPeerpatchError, type ErrorCode } from '../../src/core/base/errors.ts';
import { ownerKeyFromSeed, type OwnerKey } from '../../src/core/keys/owner-key.ts';

/** A value in which the two versions differ. */
export type ByVersion<T> = Readonly<Record<'rustpatcher-0.2.0' | 'rustpatcher-0.2.2', T>>;

/** The content of test/vectors/rustpatcher-`name`.json. The caller says what it looks like. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the one place where JSON gets a type
export function rustVectors<T>(name: string): T {
  const file = new URL(`../vectors/rustpatcher-${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

/** The first `length` bytes of the stream of a label and a number: SHA-512(label || number u64 LE || block u64 LE), … */
export function ruleBytes(label: string, number: number, length: number): Uint8Array {
  const out = new Uint8Array(Math.ceil(length / 64) * 64);
  const input = Buffer.alloc(label.length + 16);
  input.write(label, 'ascii');
  input.writeBigUInt64LE(BigInt(number), label.length);
  for (let block = 0; block * 64 < length; block++) {
    input.writeBigUInt64LE(BigInt(block), label.length + 8);
    out.set(createHash('sha512').update(input).digest(), block * 64);
  }
  return out.subarray(0, length);
}

/** The owner with this number. */
export function ruleOwner(number: number): OwnerKey {
  return ownerKeyFromSeed(ruleBytes('owner', number, 32));
}

/** What `compute` returns, or the code of its error. */
export function resultOrCode<T>(compute: () => T): T | ErrorCode {
  try {
    return compute();
  } catch (error) {
    if (isPeerpatchError(error)) return error.code;
    throw error;
  }
}
