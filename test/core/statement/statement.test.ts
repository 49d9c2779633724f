import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/core/base/errors.ts';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import { sha256 } from '../../../src/core/crypto/hash.ts';
import { itemTarget } from '../../../src/core/dht/item.ts';
import { formatPublicKey } from '../../../src/core/keys/public-key.ts';
import { statementTopic } from '../../../src/core/record/topic.ts';
import { decodeReleaseBlock, encodeReleaseBlock, type SignedItem } from '../../../src/core/stamp/block.ts';
import { encodeSignedItem, statementId } from '../../../src/core/statement/signed-bytes.ts';
import {
  formatName,
  readOwnStatement,
  signStatement,
  statementNameHash,
  statementSalt,
  verifyStatement,
} from '../../../src/core/statement/statement.ts';
import { failure, OWNER } from '../../support/stamp-samples.ts';
import { itemOf, SAMPLE, signedSample, VECTOR_OWNER, VECTORS } from '../../support/statement-samples.ts';

const owner = VECTOR_OWNER.publicKey;

describe('statements of the vectors', () => {
  let run = 0;
  it.each(VECTORS.statements)('$what', (vector) => {
    const name = { app: vector.app, target: vector.target, channel: vector.channel };
    const item = itemOf(vector);
    const statement = verifyStatement(owner, name, item);
    expect(statement).toMatchObject({ ...name, version: vector.version, seq: item.seq, owner, item });
    expect(readOwnStatement(owner, item)).toEqual(statement);
    expect(toHex(statementSalt(name))).toBe(vector.salt);
    expect(toHex(statementNameHash(name))).toBe(vector.salt.slice(6));
    expect(toHex(itemTarget(owner, statementSalt(name)))).toBe(vector.dhtTarget);
    expect(toHex(encodeSignedItem(item))).toBe(vector.signedBytes);
    expect(toHex(statementId(item))).toBe(vector.id);
    expect(toHex(sha256(encodeReleaseBlock(item)))).toBe(vector.blockHash);
    expect(decodeReleaseBlock(encodeReleaseBlock(item))).toEqual(item);
    expect(toHex(statementTopic(owner, name).id)).toBe(vector.topic);
    // Signing gives the same bytes: Ed25519 is deterministic, and so is the encoding. Unknown fields are not kept.
    if (vector.what !== 'unknown fields') expect(signStatement(VECTOR_OWNER, statement, item.seq)).toEqual(statement);
    run++;
  });

  it('are all there', () => {
    expect(formatPublicKey(owner)).toBe(VECTORS.publicKey);
    expect([run, VECTORS.statements.length]).toEqual([5, 5]);
  });
});

describe('verifying a statement', () => {
  const name = { app: 'app', target: 'linux-x64', channel: 'stable' };
  const { item } = signedSample();
  const flipped = (bytes: Uint8Array, index: number): Uint8Array => bytes.with(index, (bytes[index] ?? 0) ^ 1);
  /** What the owner signs under `name`, whatever it says. */
  const signedAs = (value: Uint8Array): SignedItem => {
    const message = Buffer.concat([
      Buffer.from('4:salt35:'),
      statementSalt(name),
      Buffer.from(`3:seqi9e1:v${value.length}:`),
      value,
    ]);
    return { seq: 9n, signature: VECTOR_OWNER.sign(message), value };
  };

  it('makes it the word of its owner', () => {
    expect(verifyStatement(owner, name, item)).toEqual(signedSample());
  });

  const forged: [what: string, item: SignedItem][] = [
    ['another seq', { ...item, seq: item.seq + 1n }],
    ['a changed value', { ...item, value: flipped(item.value, 100) }],
    ['a changed signature', { ...item, signature: flipped(item.signature, 0) }],
    ['a signature cut short', { ...item, signature: item.signature.slice(1) }],
    ['no value', { ...item, value: new Uint8Array() }],
  ];
  it.each(forged)('STATEMENT_BAD_SIGNATURE: %s', (_what, forgery) => {
    expect(() => verifyStatement(owner, name, forgery)).toThrow(failure('STATEMENT_BAD_SIGNATURE'));
  });

  it('STATEMENT_BAD_SIGNATURE: another owner, and each part of another name', () => {
    expect(() => verifyStatement(OWNER.publicKey, name, item)).toThrow(failure('STATEMENT_BAD_SIGNATURE'));
    for (const other of [{ app: 'b' }, { target: 'linux-arm64' }, { channel: 'beta' }]) {
      expect(() => verifyStatement(owner, { ...name, ...other }, item)).toThrow(failure('STATEMENT_BAD_SIGNATURE'));
    }
  });

  it.each([{ app: 'other' }, { target: 'linux-arm64' }, { channel: 'beta' }])(
    'STATEMENT_WRONG_NAME: signed for this name, and says %j',
    (other) => {
      const elsewhere = signedAs(signedSample(other).item.value);
      expect(() => verifyStatement(owner, name, elsewhere)).toThrow(failure('STATEMENT_WRONG_NAME'));
      // Under the name it gives itself the signature is no longer right.
      expect(() => readOwnStatement(owner, elsewhere)).toThrow(failure('STATEMENT_BAD_SIGNATURE'));
    },
  );

  it('refuses what is signed and no statement, each with its code', () => {
    const codes = new Map<ErrorCode, number>();
    for (const { what, value, code } of VECTORS.refused) {
      expect(() => verifyStatement(owner, name, signedAs(fromHex(value))), what).toThrow(failure(code));
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect(Object.fromEntries(codes)).toEqual({
      STATEMENT_MALFORMED: VECTORS.refused.length - 5,
      STATEMENT_UNSUPPORTED: 5,
    });
  });

  it('keeps names apart that read the same when joined', () => {
    const hashes = [
      { app: 'a', target: 'b-c', channel: 'd' },
      { app: 'a-b', target: 'c', channel: 'd' },
      { app: 'a', target: 'b', channel: 'c-d' },
    ].map((parts) => toHex(statementNameHash(parts)));
    expect(new Set(hashes).size).toBe(3);
    expect(formatName(name)).toBe('app linux-x64 stable');
  });

  // `slice` of a Buffer, which is a Uint8Array as well, is a view of the same memory.
  it.each([
    ['arrays', (bytes: Uint8Array) => new Uint8Array(bytes)],
    ['Buffers', (bytes: Uint8Array) => Buffer.from(bytes)],
  ])('keeps what was signed when the caller uses its %s again', (_what, copy) => {
    const delta = { fromRoot: SAMPLE.root, sizeBytes: 9, root: new Uint8Array(32).fill(2) };
    const expected = signedSample({ deltas: [delta] });
    const [value, signature] = [copy(expected.item.value), copy(expected.item.signature)];
    const statement = verifyStatement(owner, name, { seq: expected.seq, value, signature });
    value.fill(0);
    signature.fill(0);
    expect(statement).toEqual(expected);
    expect([statement.item.value, statement.root].some((bytes) => Buffer.isBuffer(bytes))).toBe(false);
  });
});

it('STATEMENT_MALFORMED: what cannot be said is not signed', () => {
  expect(() => signStatement(VECTOR_OWNER, { ...SAMPLE, app: 'a b' }, 1n)).toThrow(failure('STATEMENT_MALFORMED'));
});
