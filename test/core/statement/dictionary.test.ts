import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asciiBytes } from '../../../src/core/base/bytes.ts';
import { fromHex } from '../../../src/core/base/hex.ts';
import { decodeStatement, encodeStatement, readStatementName } from '../../../src/core/statement/dictionary.ts';
import type { Statement } from '../../../src/core/statement/fields.ts';
import { hexdump } from '../../support/hexdump.ts';
import { accepts } from '../../support/fuzz.ts';
import { failure } from '../../support/stamp-samples.ts';
import { SAMPLE, VECTORS } from '../../support/statement-samples.ts';

const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
const GOLDEN = hexdump(`
  64                       # dictionary
  ${hex('1:a3:app')}             # app
  ${hex('1:c6:stable')}       # channel
  ${hex('1:fi1e')}               # format
  ${hex('1:ii1790000000e')}  # issued at
  ${hex('1:ki1e')}               # chunking
  ${hex('1:oi4096e')}         # stamp offset
  ${hex('1:r32:')}${'01'.repeat(32)} # root
  ${hex('1:si100000e')}     # size
  ${hex('1:t9:linux-x64')} # target
  ${hex('1:w5:1.2.3')}         # version
  65                       # end
`);

const FULL: Statement = {
  ...SAMPLE,
  version: '2.0.0-rc.1',
  expiresAt: 1_800_000_000,
  lowestVersion: '1.0.0',
  isCritical: true,
  rollout: { percent: 25, startsAt: 1_790_000_000, rampSeconds: 3600 },
  deltas: [{ fromRoot: new Uint8Array(32).fill(2), sizeBytes: 1234, root: new Uint8Array(32).fill(3) }],
  mirrors: ['https://example.com/updates'],
  notesUrl: 'https://example.com/notes',
  speaksV0: true,
};

describe("a statement's dictionary", () => {
  it('has its keys in order', () => {
    expect(encodeStatement(SAMPLE)).toEqual(GOLDEN);
    expect(decodeStatement(GOLDEN)).toEqual(SAMPLE);
    expect(readStatementName(GOLDEN)).toEqual({ app: 'app', target: 'linux-x64', channel: 'stable' });
  });

  it('carries every field', () => {
    expect(decodeStatement(encodeStatement(FULL))).toEqual(FULL);
    const text = Buffer.from(encodeStatement(FULL)).toString('latin1');
    for (const key of 'acdefiklmnoprstuwz') expect(text).toContain(`1:${key}`);
  });

  it('leaves out what is not said', () => {
    const text = Buffer.from(encodeStatement(SAMPLE)).toString('latin1');
    for (const key of 'delmnpuz') expect(text).not.toContain(`1:${key}`);
  });

  it.each(VECTORS.refused)('$code: $what', ({ value, code }) => {
    expect(() => decodeStatement(fromHex(value))).toThrow(failure(code));
  });

  it('refuses as many as the vectors have', () => {
    expect(VECTORS.refused.length).toBe(66);
  });

  it('STATEMENT_MALFORMED: 997 bytes', () => {
    expect(() => decodeStatement(new Uint8Array(997))).toThrow(failure('STATEMENT_MALFORMED'));
    const url = `https://example.com/${'a'.repeat(180)}`;
    const deltas = Array.from({ length: 8 }, (_, index) => ({
      fromRoot: new Uint8Array(32).fill(index),
      sizeBytes: 1,
      root: new Uint8Array(32),
    }));
    expect(() => encodeStatement({ ...FULL, deltas, mirrors: [url, url] })).toThrow(/1\d\d\d bytes, 996 are allowed/);
    expect(decodeStatement(encodeStatement({ ...SAMPLE, deltas, mirrors: [url] })).deltas).toHaveLength(8);
  });

  const unwritable: [what: string, fields: Partial<Statement>][] = [
    ['a root of 31 bytes', { root: new Uint8Array(31) }],
    ['a size that is not whole', { sizeBytes: 100_000.5 }],
    ['a time below 0', { issuedAt: -1 }],
    ['text that is not ASCII', { app: 'äpp' }],
    ['a delta of 2^32 bytes', { deltas: [{ fromRoot: SAMPLE.root, sizeBytes: 2 ** 32, root: SAMPLE.root }] }],
    ['a delta from a short root', { deltas: [{ fromRoot: new Uint8Array(31), sizeBytes: 1, root: SAMPLE.root }] }],
    ['a stamp behind the file', { stampOffset: 100_000 - 1279 }],
    ['build metadata', { version: '1.0.0+1' }],
  ];
  it.each(unwritable)('STATEMENT_MALFORMED before it is signed: %s', (_what, fields) => {
    expect(() => encodeStatement({ ...SAMPLE, ...fields })).toThrow(failure('STATEMENT_MALFORMED'));
  });

  it('is canonical: what it accepts without unknown keys, it writes back byte for byte', () => {
    const samples = [GOLDEN, encodeStatement(FULL)];
    const known = new Set('acdefiklmnoprstuwz');
    let accepted = 0;
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.nat(600), fc.nat(255), (sample, at, byte) => {
        const bytes = sample.with(at % sample.length, byte);
        accepts(
          () => {
            const statement = decodeStatement(bytes);
            accepted++;
            const written = encodeStatement(statement);
            if (written.length === bytes.length) expect(written).toEqual(bytes);
            else
              expect(
                [...Buffer.from(bytes).toString('latin1').matchAll(/1:(.)/g)].some(([, key = '']) => !known.has(key)),
              ).toBe(true);
          },
          'STATEMENT_MALFORMED',
          'STATEMENT_UNSUPPORTED',
        );
      }),
      { numRuns: 2000 },
    );
    expect(accepted).toBeGreaterThan(50);
  });

  it('gives copies: the buffer it was read from may be used again', () => {
    const bytes = encodeStatement(FULL);
    const statement = decodeStatement(bytes);
    bytes.fill(0);
    expect(statement).toEqual(FULL);
  });

  it('is readable ASCII around its hashes', () => {
    expect(Buffer.from(GOLDEN).subarray(0, 9)).toEqual(Buffer.from(asciiBytes('d1:a3:app')));
  });
});
