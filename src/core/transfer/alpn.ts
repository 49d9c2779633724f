/**
 * The protocol names that peers of one owner agree on when they connect. Spec: docs/spec/09-transfer.md, 14-exchange.md.
 *
 * @module
 */
import { formatPublicKey, type PublicKey } from '../keys/public-key.ts';

/** The v0 whole-file transfer: 68 ASCII characters. */
export function v0Alpn(owner: PublicKey): string {
  return `/rustpatcher/${formatPublicKey(owner)}/v0`;
}

/** The v1 exchange of statements, pages and chunks: 66 ASCII characters. */
export function v1Alpn(owner: PublicKey): string {
  return `/peerpatch/${formatPublicKey(owner)}/v1`;
}
