import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import { ownerKeyFromSeed } from '../../../src/core/keys/owner-key.ts';
import { decodeReleaseRegion } from '../../../src/core/release/region.ts';
import { releaseMessage, signRelease, verifyRelease, type Release } from '../../../src/core/release/release.ts';
import { parseVersion } from '../../../src/core/release/version.ts';
import { failure, OWNER, V0 } from '../../support/stamp-samples.ts';

const RELEASE = decodeReleaseRegion(fromHex(V0.stamp.region));

describe('release', () => {
  it('is signed as in the worked example', () => {
    expect(toHex(releaseMessage(RELEASE.version, RELEASE))).toBe(V0.stamp.message);
    expect(toHex(signRelease(OWNER, RELEASE.version, RELEASE).signature)).toBe(V0.stamp.signature);
    expect(signRelease(OWNER, RELEASE.version, RELEASE)).toEqual(RELEASE);
  });

  it("is verified by its owner's key", () => {
    expect(verifyRelease(OWNER.publicKey, RELEASE)).toBe(RELEASE);
  });

  const flipped = (bytes: Uint8Array): Uint8Array => bytes.with(0, (bytes[0] ?? 0) ^ 1);
  const changed: [name: string, release: Release][] = [
    ['another version', { ...RELEASE, version: parseVersion('999.0.0') }],
    ['another hash', { ...RELEASE, hash: flipped(RELEASE.hash) }],
    ['another size', { ...RELEASE, sizeBytes: RELEASE.sizeBytes + 1 }],
    ['another signature', { ...RELEASE, signature: flipped(RELEASE.signature) }],
    ['a signature of zeros', { ...RELEASE, signature: new Uint8Array(64) }],
    ['digits moved from one part to the next', { ...RELEASE, version: { major: 12, minor: 3, patch: 0 } }],
  ];
  it.each(changed)('RELEASE_BAD_SIGNATURE: %s', (_name, release) => {
    expect(() => verifyRelease(OWNER.publicKey, release)).toThrow(failure('RELEASE_BAD_SIGNATURE'));
  });

  it('RELEASE_BAD_SIGNATURE: another owner', () => {
    const { publicKey } = ownerKeyFromSeed(new Uint8Array(32).fill(1));
    expect(() => verifyRelease(publicKey, RELEASE)).toThrow(failure('RELEASE_BAD_SIGNATURE'));
  });
});
