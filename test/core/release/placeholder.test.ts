import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { fromHex } from '../../../src/core/base/hex.ts';
import { createPlaceholder, readStamp } from '../../../src/core/release/placeholder.ts';
import { decodeReleaseRegion, encodeUnsignedRegion } from '../../../src/core/release/region.ts';
import { parseVersion } from '../../../src/core/release/version.ts';
import { anchorBytes } from '../../../src/core/stamp/marker.ts';
import { failure, filler, insert, measureFile, V0 } from '../../support/stamp-samples.ts';

const VERSION = parseVersion('1.2.3');

describe('stamp', () => {
  it('is anchor and unsigned region before signing', () => {
    expect(createPlaceholder(VERSION)).toEqual(concatBytes(anchorBytes(), encodeUnsignedRegion(VERSION)));
    expect(createPlaceholder(VERSION)).toHaveLength(196);
    expect(() => readStamp(createPlaceholder(VERSION))).toThrow(failure('RELEASE_UNSIGNED'));
  });

  it('VERSION_MALFORMED: a version it has no room for', () => {
    expect(() => createPlaceholder(parseVersion('12345.67890.12345'))).toThrow(failure('VERSION_MALFORMED'));
  });

  it('binds the region of a program it is put into', () => {
    const file = insert(filler(500), createPlaceholder(VERSION), 100);
    expect(measureFile(file)).toMatchObject({ bound: 'anchor', regionOffset: 120, sizeBytes: 520 });
  });

  it('claims a release after signing', () => {
    const region = fromHex(V0.stamp.region);
    expect(readStamp(concatBytes(anchorBytes(), region))).toEqual(decodeReleaseRegion(region));
  });

  it.each([
    ['another anchor', createPlaceholder(VERSION).with(1, 0)],
    ['a region alone', encodeUnsignedRegion(VERSION)],
    ['one byte too many', concatBytes(createPlaceholder(VERSION), Uint8Array.of(0))],
    ['nothing', new Uint8Array()],
  ])('STAMP_MALFORMED: %s', (_name, bytes) => {
    expect(() => readStamp(bytes)).toThrow(failure('STAMP_MALFORMED'));
  });
});
