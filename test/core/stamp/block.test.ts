import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPeerpatchError } from '../../../src/core/base/errors.ts';
import { decodeReleaseBlock, encodeReleaseBlock, STAMP_BYTES } from '../../../src/core/stamp/block.ts';
import { hexdump } from '../../support/hexdump.ts';
import { failure, filler } from '../../support/stamp-samples.ts';

const ITEM = { seq: 0x0102030405060708n, signature: filler(64, 5), value: Uint8Array.of(0x64, 0x65) };
const GOLDEN = hexdump(`
  0200              # length of the value: 2
  0807060504030201  # seq
  ${Buffer.from(ITEM.signature).toString('hex')}  # signature
  6465              # value: an empty dictionary
  ${'00'.repeat(1104 - 76)}  # zeros
`);

describe('the release block', () => {
  it('is length, seq, signature, value and zeros', () => {
    expect(encodeReleaseBlock(ITEM)).toEqual(GOLDEN);
    expect(decodeReleaseBlock(GOLDEN)).toEqual(ITEM);
    expect(GOLDEN).toHaveLength(1104);
    expect(STAMP_BYTES).toBe(1280);
  });

  it('is all zeros without a statement', () => {
    expect(encodeReleaseBlock(undefined)).toEqual(new Uint8Array(1104));
    expect(decodeReleaseBlock(new Uint8Array(1104))).toBeUndefined();
  });

  it('holds up to 996 bytes of value and 63 bits of seq', () => {
    const item = { seq: 2n ** 63n - 1n, signature: filler(64), value: filler(996, 2) };
    expect(decodeReleaseBlock(encodeReleaseBlock(item))).toEqual(item);
    for (const wrong of [
      { ...item, value: filler(997) },
      { ...item, value: new Uint8Array() },
      { ...item, signature: filler(63) },
      { ...item, seq: 2n ** 63n },
      { ...item, seq: -1n },
    ]) {
      expect(() => encodeReleaseBlock(wrong)).toThrow(RangeError);
    }
  });

  it('gives copies: the buffer it was read from may be used again', () => {
    const bytes = GOLDEN.slice();
    const item = decodeReleaseBlock(bytes);
    bytes.fill(0xff);
    expect(item).toEqual(ITEM);
  });

  const malformed: [name: string, bytes: Uint8Array][] = [
    ['empty', new Uint8Array()],
    ['one byte short', GOLDEN.slice(0, -1)],
    ['one byte long', Uint8Array.from([...GOLDEN, 0])],
    ['a value of 997 bytes', GOLDEN.with(0, 0xe5).with(1, 0x03)],
    ['a byte behind the value', GOLDEN.with(76, 1)],
    ['the last byte', GOLDEN.with(1103, 1)],
    ['no value, but a seq', new Uint8Array(1104).with(2, 1)],
    ['no value, but a signature', new Uint8Array(1104).with(10, 1)],
    ['a seq of 64 bits', GOLDEN.with(9, 0x80)],
  ];
  it.each(malformed)('STAMP_MALFORMED: %s', (_name, bytes) => {
    expect(() => decodeReleaseBlock(bytes)).toThrow(failure('STAMP_MALFORMED'));
  });

  it('is canonical: what it accepts, it writes back byte for byte', () => {
    fc.assert(
      fc.property(fc.nat(1103), fc.nat(255), (offset, byte) => {
        const bytes = GOLDEN.with(offset, byte);
        try {
          expect(encodeReleaseBlock(decodeReleaseBlock(bytes))).toEqual(bytes);
        } catch (error) {
          if (!isPeerpatchError(error, 'STAMP_MALFORMED')) throw error;
        }
      }),
    );
  });
});
