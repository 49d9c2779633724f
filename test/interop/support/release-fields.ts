/**
 * A release as the Rust side is told of it and tells of it: all fields as text.
 *
 * @module
 */
import { toHex } from '../../../src/core/base/hex.ts';
import type { Release } from '../../../src/core/release/release.ts';
import { formatVersion, parseVersion } from '../../../src/core/release/version.ts';
import { bytesOf } from './samples.ts';

export interface ReleaseFields extends Readonly<Record<string, string>> {
  readonly version: string;
  /** Decimal, any u64. */
  readonly size: string;
  readonly hash: string;
  readonly signature: string;
}

export function fieldsOf({ version, sizeBytes, hash, signature }: Release): ReleaseFields {
  return {
    version: formatVersion(version),
    size: String(sizeBytes),
    hash: toHex(hash),
    signature: toHex(signature),
  };
}

/** A release nobody signed: encodings do not look at signatures. */
export function sampleRelease(version: string, sizeBytes: number): Release {
  return {
    version: parseVersion(version),
    sizeBytes,
    hash: bytesOf(`hash ${version}`, 32),
    signature: bytesOf(`signature ${sizeBytes}`, 64),
  };
}
