/**
 * The parts of test/vectors/v0.json about key, stamp and release: every field is computed, compared and counted.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import { encodeU64 } from '../../../src/core/base/postcard.ts';
import { decodeZbase32 } from '../../../src/core/base/zbase32.ts';
import { formatOwnerSeed, parseOwnerKey } from '../../../src/core/keys/owner-key.ts';
import { formatPublicKey, parsePublicKey } from '../../../src/core/keys/public-key.ts';
import { encodeReleaseRegion } from '../../../src/core/release/region.ts';
import { encodeRelease } from '../../../src/core/release/release-encoding.ts';
import { releaseMessage, signRelease, verifyRelease } from '../../../src/core/release/release.ts';
import { formatVersion, parseVersion } from '../../../src/core/release/version.ts';
import { boundBytes } from '../../../src/core/stamp/marker.ts';
import { createMeasure } from '../../../src/core/stamp/measure.ts';

interface Vectors {
  readonly owner: Readonly<Record<'seed' | 'keyFile' | 'publicKey' | 'publicKeyText', string>>;
  readonly stamp: Readonly<Record<'version' | 'signedBytes' | 'region', string>> & { readonly regionOffset: number };
  readonly patch: object;
}

const V0 = JSON.parse(readFileSync(new URL('../../vectors/v0.json', import.meta.url), 'utf8')) as Vectors;
const owner = parseOwnerKey(V0.owner.keyFile);
const signedBytes = fromHex(V0.stamp.signedBytes);
const withRegion = (region: Uint8Array): Uint8Array =>
  concatBytes(signedBytes.subarray(0, V0.stamp.regionOffset), region, signedBytes.subarray(V0.stamp.regionOffset));
const measure = createMeasure();
measure.update(withRegion(fromHex(V0.stamp.region)));
const measured = measure.finish();
const release = signRelease(owner, parseVersion(V0.stamp.version), measured);
const file = withRegion(encodeReleaseRegion(release));

/** Section of the file to what our code makes of it, and the number of its fields. */
const sections: [name: 'owner' | 'stamp' | 'patch', fields: number, ours: () => unknown][] = [
  [
    'owner',
    4,
    () => ({
      seed: toHex(decodeZbase32(V0.owner.keyFile) ?? new Uint8Array()),
      keyFile: formatOwnerSeed(fromHex(V0.owner.seed)),
      publicKey: toHex(parsePublicKey(V0.owner.publicKeyText)),
      publicKeyText: formatPublicKey(owner.publicKey),
    }),
  ],
  [
    'stamp',
    12,
    () => ({
      version: formatVersion(release.version),
      signedBytes: toHex(concatBytes(file.subarray(0, 20), file.subarray(196))),
      signedLength: release.sizeBytes,
      regionOffset: measured.regionOffset,
      bound: toHex(boundBytes()),
      boundLength: boundBytes().length,
      hash: toHex(release.hash),
      message: toHex(releaseMessage(release.version, release)),
      signature: toHex(release.signature),
      region: toHex(encodeReleaseRegion(release)),
      regionLength: measured.region.length,
      fileLength: measured.fileBytes,
    }),
  ],
  [
    'patch',
    4,
    () => {
      const bytes = encodeRelease(release);
      // What a transfer sends: the release, the file's length, the file.
      const head = concatBytes(bytes, encodeU64(file.length));
      return {
        info: toHex(bytes),
        infoLength: bytes.length,
        head: toHex(head),
        frameLength: head.length + file.length,
      };
    },
  ],
];

it.each(sections)('computes every field of "%s"', (name, _fields, ours) => {
  expect(ours()).toEqual(V0[name]);
});

it('checks as many fields as the file has', () => {
  expect(sections.map(([name]) => Object.keys(V0[name]).length)).toEqual(sections.map(([, fields]) => fields));
});

it("the example's signature is the owner's", () => {
  expect(verifyRelease(owner.publicKey, release)).toBe(release);
});
