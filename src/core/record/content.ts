/**
 * The content of a record: the release the node runs, then its address hints.
 *
 *   content = release || hints
 *
 * The release has the encoding of release/release-encoding.ts, its signature as 64 bare bytes. Nodes of rustpatcher send
 * it alone and ignore what follows it. Some builds of them put the length 0x40 before the signature; told apart by the
 * bytes that are left: 65, the first of them 0x40. Spec: docs/spec/05-record.md.
 *
 * @module
 */
import { concatBytes } from '../base/bytes.ts';
import { isPeerpatchError } from '../base/errors.ts';
import { ED25519_SIGNATURE_BYTES } from '../crypto/ed25519.ts';
import { decodeReleasePrefix, encodeRelease } from '../release/release-encoding.ts';
import type { Release } from '../release/release.ts';
import { decodeHints, encodeHints, NO_HINTS, usableHints, type AddressHints } from './hints.ts';

export interface RecordContent {
  /** A claim: the owner's signature is not verified here. */
  readonly release: Release;
  readonly hints: AddressHints;
}

/** Hints that cannot be sent are left out. */
export function encodeContent({ release, hints }: RecordContent): Uint8Array {
  return concatBytes(encodeRelease(release), encodeHints(usableHints(hints)));
}

/** Hints that cannot be read, or cannot be dialled, are left out. @throws PeerpatchError RELEASE_MALFORMED */
export function decodeContent(bytes: Uint8Array): RecordContent {
  const { release, length } = decodeReleasePrefix(bytes, { signature: 'tuple' });
  if (bytes.length === length + 1 && bytes[length - ED25519_SIGNATURE_BYTES] === ED25519_SIGNATURE_BYTES) {
    return { release: decodeReleasePrefix(bytes, { signature: 'prefixed' }).release, hints: NO_HINTS };
  }
  return { release, hints: readHints(bytes.subarray(length)) };
}

function readHints(bytes: Uint8Array): AddressHints {
  try {
    return usableHints(decodeHints(bytes));
  } catch (error) {
    // The release stands on its own: a format of hints we do not know must not hide it.
    if (isPeerpatchError(error, 'RECORD_MALFORMED')) return NO_HINTS;
    throw error;
  }
}
