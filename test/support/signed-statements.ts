/**
 * Statements of the sample owner for tests: any version and sequence number, of a program that does not exist.
 *
 * @module
 */
import { MAX_STATEMENT_VALUE_BYTES } from '../../src/core/base/limits.ts';
import { signItem } from '../../src/core/dht/item.ts';
import type { OwnerKey } from '../../src/core/keys/owner-key.ts';
import type { SignedItem } from '../../src/core/stamp/block.ts';
import {
  signStatement,
  statementSalt,
  type SignedStatement,
  type Statement,
  type StatementName,
} from '../../src/core/statement/statement.ts';
import { OWNER } from './record-samples.ts';

export const NAME: StatementName = { app: '@sample/app', target: 'linux-x64', channel: 'stable' };

/** @param seq a number that a test can read; the version follows from it unless it is given */
export function statementOf(seq: number, fields: Partial<Statement> = {}, key: OwnerKey = OWNER): SignedStatement {
  const statement: Statement = {
    ...NAME,
    version: `1.0.${seq}`,
    sizeBytes: 1_000_000,
    stampOffset: 5000,
    root: new Uint8Array(32).fill(0xab),
    chunking: 1,
    issuedAt: 1_767_225_600,
    isCritical: false,
    deltas: [],
    mirrors: [],
    speaksV0: false,
    ...fields,
  };
  return signStatement(key, statement, BigInt(seq));
}

/** As long as a statement can be: 996 bytes. */
export function largestStatement(seq: number): SignedStatement {
  const deltas = Array.from({ length: 8 }, (_, index) => ({
    fromRoot: new Uint8Array(32).fill(index + 1),
    sizeBytes: 1000 + index,
    root: new Uint8Array(32).fill(0xd0 + index),
  }));
  const url = (length: number): string => `https://mirror.example/${'m'.repeat(length)}`; // 23 characters and these
  const fill = (length: number): SignedStatement =>
    statementOf(seq, { version: '1.0.0', deltas, mirrors: [url(100), url(length)] });
  const shortest = 80; // three digits of length, as the longest has
  return fill(MAX_STATEMENT_VALUE_BYTES - fill(shortest).item.value.length + shortest);
}

/** Any bytes, signed by the owner as if they were a statement of this name. */
export function signedValue(seq: bigint, value: Uint8Array, name: StatementName = NAME): SignedItem {
  const { publicKey, sign } = OWNER;
  return { seq, signature: signItem({ publicKey, sign, salt: statementSalt(name), seq, value }).signature, value };
}
