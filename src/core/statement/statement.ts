/**
 * A statement: what the owner says about one release, for one app, target and channel. Spec: docs/spec/11-statement.md.
 *
 * A plain `Statement` is a claim. A `SignedStatement` is the owner's word, made by `verifyStatement` and `signStatement`
 * alone; whether a node may take it is decided in eligible.ts, whether any bytes are that release in accept.ts.
 *
 * @module
 */
import { asciiBytes, concatBytes } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';
import { verifyStrict } from '../crypto/ed25519.ts';
import { sha256 } from '../crypto/hash.ts';
import { encodeBencode } from '../dht/bencode.ts';
import { itemMessage } from '../dht/item.ts';
import type { OwnerKey } from '../keys/owner-key.ts';
import type { PublicKey } from '../keys/public-key.ts';
import type { SignedItem } from '../stamp/block.ts';
import { decodeStatement, encodeStatement, readStatementName } from './dictionary.ts';
import type { Statement, StatementName } from './fields.ts';

export type { Rollout, Statement, StatementDelta, StatementName } from './fields.ts';

declare const signed: unique symbol;

/** A statement whose signature by the owner was verified. */
export type SignedStatement = Statement & {
  readonly owner: PublicKey;
  readonly seq: bigint;
  /** As it was signed: what is published, stored and written into the program. */
  readonly item: SignedItem;
  readonly [signed]: true;
};

/** The 35 bytes of the item's salt: ASCII "pp1", SHA-256(app \0 target \0 channel). */
export function statementSalt(name: StatementName): Uint8Array {
  return concatBytes(asciiBytes('pp1'), statementNameHash(name));
}

/** The 32 bytes behind "pp1": how peers and mirrors name a statement of an owner. */
export function statementNameHash({ app, target, channel }: StatementName): Uint8Array {
  return sha256(asciiBytes([app, target, channel].join('\0')));
}

/**
 * @throws PeerpatchError STATEMENT_BAD_SIGNATURE first, STATEMENT_MALFORMED, STATEMENT_UNSUPPORTED, STATEMENT_WRONG_NAME
 */
export function verifyStatement(owner: PublicKey, name: StatementName, signedItem: SignedItem): SignedStatement {
  const item = copyItem(signedItem);
  // The signature first: nothing unsigned may steer anything, not even an error code.
  if (!verifyStrict(owner, statementMessage(name, item.seq, item.value), item.signature)) {
    throw new PeerpatchError(
      'STATEMENT_BAD_SIGNATURE',
      `this statement is not signed by the owner for ${formatName(name)}: another key or name, or changed after signing`,
    );
  }
  const statement = decodeStatement(item.value);
  if (formatName(statement) !== formatName(name)) {
    throw new PeerpatchError(
      'STATEMENT_WRONG_NAME',
      `a statement for ${formatName(name)} was expected, the owner signed one of ${formatName(statement)} in its place`,
    );
  }
  return withItem(owner, statement, item);
}

/**
 * Verifies a statement under the name that it gives itself: the one in a program of one's own.
 *
 * @throws PeerpatchError STATEMENT_BAD_SIGNATURE, STATEMENT_MALFORMED, STATEMENT_UNSUPPORTED
 */
export function readOwnStatement(owner: PublicKey, item: SignedItem): SignedStatement {
  return verifyStatement(owner, readStatementName(item.value), item);
}

/** @throws PeerpatchError STATEMENT_MALFORMED for what no statement may say, or what does not fit into one */
export function signStatement(key: OwnerKey, statement: Statement, seq: bigint): SignedStatement {
  const value = encodeStatement(statement);
  const signature = key.sign(statementMessage(statement, seq, value));
  return withItem(key.publicKey, decodeStatement(value), { seq, signature, value });
}

/** The bytes the owner signs: those of a BEP 44 item whose value is a byte string. */
function statementMessage(name: StatementName, seq: bigint, value: Uint8Array): Uint8Array {
  return itemMessage(statementSalt(name), seq, encodeBencode(value));
}

/** What was verified must not change with the caller's buffers. Not by `slice`: that of a Buffer is a view. */
function copyItem({ seq, signature, value }: SignedItem): SignedItem {
  return { seq, signature: new Uint8Array(signature), value: new Uint8Array(value) };
}

function withItem(owner: PublicKey, statement: Statement, item: SignedItem): SignedStatement {
  return { ...statement, owner, seq: item.seq, item } as SignedStatement;
}

/** For messages, and to compare names: `app target channel`. No name has a space in it. */
export function formatName({ app, target, channel }: StatementName): string {
  return `${app} ${target} ${channel}`;
}
