/**
 * Statements for tests: the vectors, and one to change a field of.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import type { ErrorCode } from '../../src/core/base/errors.ts';
import { fromHex } from '../../src/core/base/hex.ts';
import { ownerKeyFromSeed, type OwnerKey } from '../../src/core/keys/owner-key.ts';
import type { SignedItem } from '../../src/core/stamp/block.ts';
import { signStatement, type SignedStatement, type Statement } from '../../src/core/statement/statement.ts';

type Text<Name extends string> = Readonly<Record<Name, string>>;

export const VECTORS = JSON.parse(readFileSync(new URL('../vectors/statement.json', import.meta.url), 'utf8')) as Text<
  'seed' | 'publicKey'
> & {
  readonly statements: readonly Text<
    | ('what' | 'app' | 'target' | 'channel' | 'version' | 'seq' | 'signature' | 'value')
    | ('salt' | 'dhtTarget' | 'signedBytes' | 'id' | 'blockHash' | 'topic')
  >[];
  readonly refused: readonly (Text<'what' | 'value'> & { readonly code: ErrorCode })[];
  readonly draws: readonly (Text<'secret' | 'version'> & { readonly draw: number })[];
};

export const VECTOR_OWNER: OwnerKey = ownerKeyFromSeed(fromHex(VECTORS.seed));

export function itemOf({ seq, signature, value }: Text<'seq' | 'signature' | 'value'>): SignedItem {
  return { seq: BigInt(seq), signature: fromHex(signature), value: fromHex(value) };
}

export const SAMPLE: Statement = {
  app: 'app',
  target: 'linux-x64',
  channel: 'stable',
  version: '1.2.3',
  sizeBytes: 100_000,
  stampOffset: 4096,
  root: new Uint8Array(32).fill(1),
  chunking: 1,
  issuedAt: 1_790_000_000,
  isCritical: false,
  deltas: [],
  mirrors: [],
  speaksV0: false,
};

/** A signed one, with these fields in place of the sample's. Default sequence number: the time of issue. */
export function signedSample(fields: Partial<Statement> = {}, seq?: bigint): SignedStatement {
  const statement = { ...SAMPLE, ...fields };
  return signStatement(VECTOR_OWNER, statement, seq ?? BigInt(statement.issuedAt));
}
