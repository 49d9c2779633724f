import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeSignedItem,
  encodeSignedItem,
  MAX_SIGNED_ITEM_BYTES,
  MIN_SIGNED_ITEM_BYTES,
  statementId,
} from '../../../src/core/statement/signed-bytes.ts';
import { fromHex } from '../../../src/core/base/hex.ts';
import { accepts } from '../../support/fuzz.ts';
import { hexdump } from '../../support/hexdump.ts';
import { failure, filler } from '../../support/stamp-samples.ts';

const ITEM = { seq: 0x0102030405060708n, signature: filler(64, 5), value: Uint8Array.of(0x64, 0x65) };
const GOLDEN = hexdump(`
  0807060504030201  # seq
  ${Buffer.from(ITEM.signature).toString('hex')}  # signature
  6465              # value: an empty dictionary
`);

describe('signed statement bytes', () => {
  it('are seq, signature and value', () => {
    expect(encodeSignedItem(ITEM)).toEqual(GOLDEN);
    expect(decodeSignedItem(GOLDEN)).toEqual(ITEM);
    expect([MIN_SIGNED_ITEM_BYTES, MAX_SIGNED_ITEM_BYTES]).toEqual([73, 1068]);
  });

  it('have a hash that is the id of the statement: every field changes it', () => {
    // Of the golden bytes, by sha256sum.
    expect(statementId(ITEM)).toEqual(fromHex('260d52069913863ea98ee040079a36f175a86a40c409f26c9481c84bcbdf5769'));
    const others = [{ seq: 1n }, { signature: filler(64, 6) }, { value: Uint8Array.of(0x64, 0x66) }];
    for (const other of others) expect(statementId({ ...ITEM, ...other })).not.toEqual(statementId(ITEM));
  });

  it.each([
    ['empty', new Uint8Array()],
    ['no value', GOLDEN.slice(0, 72)],
    ['one byte too many', new Uint8Array(1069)],
    ['a seq of 64 bits', GOLDEN.with(7, 0x80)],
  ])('STATEMENT_MALFORMED: %s', (_name, bytes) => {
    expect(() => decodeSignedItem(bytes)).toThrow(failure('STATEMENT_MALFORMED'));
  });

  it.each([
    ['arrays', (bytes: Uint8Array) => bytes],
    ['Buffers', (bytes: Uint8Array) => Buffer.from(bytes)],
  ])('are canonical, and copies: from %s', (_what, read) => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 70, maxLength: 1100, size: 'max' }), (random) => {
        const [bytes, before] = [read(random), random.slice()];
        accepts(() => {
          const item = decodeSignedItem(bytes);
          bytes.fill(0xee);
          expect(encodeSignedItem(item)).toEqual(before);
        }, 'STATEMENT_MALFORMED');
      }),
    );
  });
});
