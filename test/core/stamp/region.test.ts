import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asciiBytes, concatBytes } from '../../../src/core/base/bytes.ts';
import { fromHex } from '../../../src/core/base/hex.ts';
import { isPeerpatchError } from '../../../src/core/base/errors.ts';
import { decodeRegion, encodeRegion, REGION_BYTES } from '../../../src/core/stamp/region.ts';
import { hexdump } from '../../support/hexdump.ts';
import { failure, V0 } from '../../support/stamp-samples.ts';

const BOUND = '1742525553545041544348455242454d42454442424f554e44534217';
const GOLDEN = hexdump(`
  ${BOUND}                           # bound
  ${'11'.repeat(32)}                 # hash
  0010000000000000                   # size 4096
  ${'22'.repeat(64)}                 # signature
  312e322e33 0000000000000000000000  # version "1.2.3"
  ${BOUND}                           # bound
`);
const FIELDS = {
  hash: new Uint8Array(32).fill(0x11),
  sizeBytes: 4096,
  signature: new Uint8Array(64).fill(0x22),
  versionText: '1.2.3',
};

function withVersion(...bytes: readonly number[]): Uint8Array {
  const copy = GOLDEN.slice();
  copy.fill(0, 132, 148);
  copy.set(bytes, 132);
  return copy;
}
const ascii = (text: string): number[] => [...asciiBytes(text)];

describe('region', () => {
  it('stands in the bytes as the table says', () => {
    expect(encodeRegion(FIELDS)).toEqual(GOLDEN);
    expect(decodeRegion(GOLDEN)).toEqual(FIELDS);
  });

  it('reads the worked example', () => {
    const { hash, signature, version, signedLength, region } = V0.stamp;
    const fields = {
      hash: fromHex(hash),
      sizeBytes: signedLength,
      signature: fromHex(signature),
      versionText: version,
    };
    expect(decodeRegion(fromHex(region))).toEqual(fields);
    expect(encodeRegion(fields)).toEqual(fromHex(region));
  });

  it('has room for sixteen characters of version, and no terminator then', () => {
    const bytes = withVersion(...ascii('12345.67890.1234'));
    expect(decodeRegion(bytes).versionText).toBe('12345.67890.1234');
    expect(encodeRegion(decodeRegion(bytes))).toEqual(bytes);
  });

  it('keeps its fields when the buffer is used again', () => {
    const buffer = GOLDEN.slice();
    const fields = decodeRegion(buffer);
    buffer.fill(0);
    expect(fields).toEqual(FIELDS);
  });

  const malformed: [name: string, bytes: Uint8Array][] = [
    ['empty', new Uint8Array()],
    ['one byte short', GOLDEN.slice(0, -1)],
    ['one byte long', concatBytes(GOLDEN, Uint8Array.of(0))],
    ['wrong first bound', GOLDEN.with(0, 0x18)],
    ['wrong second bound', GOLDEN.with(175, 0x18)],
    ['a size of 4 GiB and one byte', GOLDEN.with(64, 1).with(60, 1).with(61, 0)],
    ['a size with its highest bit set', GOLDEN.with(67, 0x80)],
    ['a version with junk behind its end', withVersion(...ascii('1.2.3\0junk'))],
    ['a version that begins behind zeros', withVersion(...ascii('\0' + '1.2.3'))],
    ['a version with a control character', withVersion(...ascii('1.2\n3'))],
    ['a version that is not ASCII', withVersion(...ascii('1.2.'), 0xb3)],
  ];
  it.each(malformed)('rejects: %s', (_name, bytes) => {
    expect(() => decodeRegion(bytes)).toThrow(failure('STAMP_MALFORMED'));
  });

  it('takes a size of exactly 4 GiB', () => {
    expect(decodeRegion(GOLDEN.with(64, 1).with(61, 0)).sizeBytes).toBe(4 * 1024 ** 3);
  });

  const wrong: [name: string, fields: typeof FIELDS][] = [
    ['a short hash', { ...FIELDS, hash: new Uint8Array(31) }],
    ['a long signature', { ...FIELDS, signature: new Uint8Array(65) }],
    ['a version of seventeen characters', { ...FIELDS, versionText: '12345.67890.12345' }],
  ];
  it.each(wrong)('does not write %s', (_name, fields) => {
    expect(() => encodeRegion(fields)).toThrow(RangeError);
  });

  it('is canonical: what it accepts, it writes back byte for byte', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.nat(REGION_BYTES - 1), fc.nat(255), (offset, byte) => {
        const bytes = GOLDEN.with(offset, byte);
        try {
          expect(encodeRegion(decodeRegion(bytes))).toEqual(bytes);
          accepted++;
        } catch (error) {
          expect(isPeerpatchError(error, 'STAMP_MALFORMED')).toBe(true);
        }
      }),
    );
    expect(accepted).toBeGreaterThan(10);
  });
});
