/**
 * What is collected from sources, and whom it is not collected from any more.
 *
 * @module
 */
import { PeerpatchError } from '../../core/base/errors.ts';
import { toHex } from '../../core/base/hex.ts';
import type { ObjectKind, Source } from '../../ports/source.ts';

/** An object to get. */
export interface WantedObject {
  readonly kind: ObjectKind;
  /** 32 bytes. */
  readonly hash: Uint8Array;
  /** The longest it may be, not encoded. */
  readonly maxBytes: number;
  /** Length, where it is known: other lengths are wrong. */
  readonly lengthBytes?: number | undefined;
}

/** Why a source was dropped: called once for each. PEER_UNREACHABLE and PEER_REFUSED are no lies. */
export type OnBlame = (source: Source, error: PeerpatchError) => void;

/** What has its hash and not its length was listed wrongly by the owner: no source can help. @throws PeerpatchError CONTENT_MALFORMED */
export function checkLength({ lengthBytes, hash }: WantedObject, bytes: Uint8Array): void {
  if (lengthBytes === undefined || lengthBytes === bytes.length) return;
  throw new PeerpatchError(
    'CONTENT_MALFORMED',
    `the manifest gives object ${toHex(hash)} ${lengthBytes} bytes, and it has ${bytes.length}: the release cannot be right`,
  );
}
