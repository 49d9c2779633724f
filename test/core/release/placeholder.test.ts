import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { fromHex } from '../../../src/core/base/hex.ts';
import { createPlaceholder, readStamp } from '../../../src/core/release/placeholder.ts';
import { decodeReleaseRegion, encodeUnsignedRegion } from '../../../src/core/release/region.ts';
import { parseVersion } from '../../../src/core/release/version.ts';
import { encodeReleaseBlock } from '../../../src/core/stamp/block.ts';
import { anchorBytes } from '../../../src/core/stamp/marker.ts';
import { decodeRegion } from '../../../src/core/stamp/region.ts';
import { failure, filler, insert, measureFile, V0 } from '../../support/stamp-samples.ts';

const VERSION = parseVersion('1.2.3');

describe('stamp', () => {
  it('is anchor, zeros and unsigned region before signing', () => {
    expect(createPlaceholder(VERSION)).toEqual(
      concatBytes(anchorBytes(), new Uint8Array(1104), encodeUnsignedRegion(VERSION)),
    );
    expect(createPlaceholder(VERSION)).toHaveLength(1300);
    expect(() => readStamp(createPlaceholder(VERSION))).toThrow(failure('RELEASE_UNSIGNED'));
  });

  it('carries the text of a pre-release until it is signed', () => {
    const region = createPlaceholder('1.2.0-beta.1').subarray(1124);
    expect(decodeRegion(region).versionText).toBe('1.2.0-beta.1');
    expect(() => decodeReleaseRegion(region)).toThrow(failure('RELEASE_UNSIGNED'));
    expect(createPlaceholder('1.2.3')).toEqual(createPlaceholder(VERSION));
  });

  it.each(['12345.67890.12345', '1.0.0-beta.123456', '1.0', '1.0.0-', '1.0.0+a', 'v1.0.0', '2147483648.0.0', ''])(
    'VERSION_MALFORMED: %j, which it has no room for',
    (text) => {
      expect(() => createPlaceholder(text)).toThrow(failure('VERSION_MALFORMED'));
    },
  );

  it('binds the region of a program it is put into', () => {
    const file = insert(filler(500), createPlaceholder(VERSION), 100);
    expect(measureFile(file)).toMatchObject({ bound: 'anchor', regionOffset: 1224, sizeBytes: 1624 });
  });

  it('claims a release after signing', () => {
    const region = fromHex(V0.stamp.region);
    const release = decodeReleaseRegion(region);
    expect(readStamp(concatBytes(anchorBytes(), new Uint8Array(1104), region))).toEqual({ release, item: undefined });
    const item = { seq: 7n, signature: filler(64), value: filler(996, 3) };
    expect(readStamp(concatBytes(anchorBytes(), encodeReleaseBlock(item), region))).toEqual({ release, item });
  });

  it.each([
    ['another anchor', createPlaceholder(VERSION).with(1, 0)],
    ['a region alone', encodeUnsignedRegion(VERSION)],
    ['one byte too many', concatBytes(createPlaceholder(VERSION), Uint8Array.of(0))],
    ['nothing', new Uint8Array()],
    ['anchor and region of the first stamps', concatBytes(anchorBytes(), encodeUnsignedRegion(VERSION))],
    ['a damaged release block', concatBytes(anchorBytes(), filler(1104, 3), fromHex(V0.stamp.region))],
  ])('STAMP_MALFORMED: %s', (_name, bytes) => {
    expect(() => readStamp(bytes)).toThrow(failure('STAMP_MALFORMED'));
  });
});
