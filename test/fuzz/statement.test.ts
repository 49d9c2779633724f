/**
 * Random statements: refused with their own errors, or written back byte for byte; signed ones give back what was signed.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { equalBytes } from '../../src/core/base/bytes.ts';
import { fromHex } from '../../src/core/base/hex.ts';
import { sha256 } from '../../src/core/crypto/hash.ts';
import { decodeBencode, type BencodedDictionary } from '../../src/core/dht/bencode.ts';
import { decodeStatement, encodeStatement, readStatementName } from '../../src/core/statement/dictionary.ts';
import { decodeSignedItem, encodeSignedItem, statementId } from '../../src/core/statement/signed-bytes.ts';
import {
  readOwnStatement,
  signStatement,
  verifyStatement,
  type Statement,
} from '../../src/core/statement/statement.ts';
import { accepts, bytesNear, FUZZ_RUNS, regressions } from '../support/fuzz.ts';
import { itemOf, VECTOR_OWNER, VECTORS } from '../support/statement-samples.ts';

const CODES = ['STATEMENT_MALFORMED', 'STATEMENT_UNSUPPORTED'] as const;
const owner = VECTOR_OWNER.publicKey;
const values = VECTORS.statements.map(({ value }) => fromHex(value));
const signedBytes = VECTORS.statements.map((vector) => encodeSignedItem(itemOf(vector)));
const KNOWN = 'acdefiklmnoprstuwz';

function checkValue(bytes: Uint8Array): boolean {
  return accepts(
    () => {
      const statement = decodeStatement(bytes);
      expect(readStatementName(bytes)).toMatchObject({ app: statement.app });
      const keys = [...(decodeBencode(bytes) as BencodedDictionary).keys()];
      // Unknown fields are the owner's business, and not kept.
      if (keys.every((key) => key.length === 1 && KNOWN.includes(key))) {
        expect(equalBytes(encodeStatement(statement), bytes)).toBe(true);
      } else expect(decodeStatement(encodeStatement(statement))).toEqual(statement);
    },
    ...CODES,
  );
}

function checkSignedBytes(bytes: Uint8Array): void {
  accepts(() => {
    const item = decodeSignedItem(bytes);
    expect(equalBytes(encodeSignedItem(item), bytes)).toBe(true);
    // Whoever has the bytes has the id, without reading them.
    expect(equalBytes(statementId(item), sha256(bytes))).toBe(true);
    // What a stranger sends is either a genuine one or refused.
    const genuine = accepts(() => void readOwnStatement(owner, item), 'STATEMENT_BAD_SIGNATURE', ...CODES);
    if (genuine) expect(signedBytes.some((signed) => equalBytes(signed, bytes))).toBe(true);
  }, 'STATEMENT_MALFORMED');
}

it('values near statements', () => {
  let accepted = 0;
  fc.assert(
    fc.property(bytesNear(...values), (bytes) => {
      if (checkValue(bytes)) accepted++;
    }),
    { numRuns: FUZZ_RUNS },
  );
  expect(accepted).toBeGreaterThan(FUZZ_RUNS / 200);
});

it('signed bytes near genuine ones', () => {
  fc.assert(fc.property(bytesNear(...signedBytes), checkSignedBytes), { numRuns: Math.ceil(FUZZ_RUNS / 10) });
});

it('what can be said is signed, verified and said again', () => {
  const seconds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const part = fc.nat(99_999);
  const version = fc
    .tuple(part, fc.nat(999), fc.nat(999), fc.constantFrom('', '-rc.1', '-0', '-a-b.7'))
    .map(([major, minor, patch, suffix]) => `${major}.${minor}.${patch}${suffix}`);
  const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
  const statements = fc.record({
    app: fc.stringMatching(/^[A-Za-z0-9@/._-]{1,20}$/),
    target: fc.stringMatching(/^[a-z0-9-]{1,12}$/),
    channel: fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/),
    version,
    stampOffset: fc.nat(2 ** 31 - 1),
    more: fc.nat(2 ** 31 - 1),
    root: hash,
    issuedAt: seconds,
    expiresAt: optional(seconds),
    lowestVersion: optional(version),
    isCritical: fc.boolean(),
    rollout: optional(fc.record({ percent: fc.nat(100), startsAt: seconds, rampSeconds: seconds })),
    deltas: fc.uniqueArray(
      fc.record({ fromRoot: hash, sizeBytes: fc.integer({ min: 1, max: 2 ** 32 - 1 }), root: hash }),
      { maxLength: 4, selector: ({ fromRoot }) => String(fromRoot) },
    ),
    mirrors: fc.array(
      fc.webPath().map((path) => `https://example.com${path.replaceAll(/[@?#]/g, '_').slice(0, 60)}`),
      {
        maxLength: 2,
      },
    ),
    speaksV0: fc.boolean(),
  });
  const seqs = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
  fc.assert(
    fc.property(statements, seqs, ({ more, expiresAt, lowestVersion, rollout, ...rest }, seq) => {
      const statement: Statement = {
        ...rest,
        sizeBytes: Math.min(rest.stampOffset + 1280 + more, 2 ** 32),
        chunking: 1,
        ...(expiresAt !== undefined && { expiresAt }),
        ...(lowestVersion !== undefined && { lowestVersion }),
        ...(rollout !== undefined && { rollout }),
      };
      const signed = signStatement(VECTOR_OWNER, statement, seq);
      expect(verifyStatement(owner, statement, signed.item)).toEqual(signed);
      expect(signed).toMatchObject(statement);
    }),
    { numRuns: Math.ceil(FUZZ_RUNS / 20) },
  );
});

it.each(regressions('statement'))('regression %s', (_file, bytes) => {
  checkValue(bytes);
  checkSignedBytes(bytes);
});
