/**
 * The protocol name that peers of one owner agree on when they connect. Spec: docs/spec/09-transfer.md.
 *
 * @module
 */
import { formatPublicKey, type PublicKey } from '../keys/public-key.ts';

/** The v0 whole-file transfer: 68 ASCII characters. */
export function v0Alpn(owner: PublicKey): string {
  return `/rustpatcher/${formatPublicKey(owner)}/v0`;
}
