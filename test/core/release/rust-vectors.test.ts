/**
 * Programs signed by rustpatcher (test/vectors/rustpatcher-releases.json): contents from 0 bytes to 2 MiB are made by their rule,
 * signed, measured and framed again; altered ones are judged beside the crate's verdict.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { asciiBytes, concatBytes } from '../../../src/core/base/bytes.ts';
import type { ErrorCode } from '../../../src/core/base/errors.ts';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import { createPostcardReader } from '../../../src/core/base/postcard.ts';
import { checkReleaseBytes } from '../../../src/core/release/accept.ts';
import {
  decodeReleaseRegion,
  encodeReleaseRegion,
  fitsRegion,
  readRegionVersion,
} from '../../../src/core/release/region.ts';
import { decodeReleasePrefix, encodeRelease } from '../../../src/core/release/release-encoding.ts';
import { signRelease, verifyRelease, type Release } from '../../../src/core/release/release.ts';
import { formatVersion, parseVersion } from '../../../src/core/release/version.ts';
import { boundBytes } from '../../../src/core/stamp/marker.ts';
import { encodeFrameHead } from '../../../src/core/transfer/frame.ts';
import { resultOrCode, ruleBytes, ruleOwner, rustVectors, type ByVersion } from '../../support/rust-vectors.ts';
import { insert, measureFile } from '../../support/stamp-samples.ts';

interface ReleaseVectors {
  readonly releases: readonly {
    readonly number: number;
    /** Number of the owner's key. */
    readonly owner: number;
    readonly version: string;
    readonly contentBytes: number;
    readonly regionOffset: number;
    readonly hash: string;
    readonly signature: string;
    readonly info: string;
    /** The region as the crate writes it: with its own version. */
    readonly written: ByVersion<string>;
    /** The postcard bytes of a `Patch`, and their SHA-512. */
    readonly frameBytes: number;
    readonly frameHash: string;
    readonly firstOwnerAccepts: boolean;
  }[];
  readonly altered: readonly {
    readonly name: string;
    readonly patch: string;
    /** By `Patch::verify`, as on arrival. */
    readonly accepted: boolean;
    /** By what a program checks of its own file at start. */
    readonly starts: boolean;
  }[];
  readonly tooLong: readonly {
    readonly number: number;
    readonly version: string;
    readonly contentBytes: number;
    readonly hash: string;
    readonly signature: string;
    readonly info: string;
    /** The version field of the region: the text, cut. */
    readonly field: string;
    /** What the crate reads from it. */
    readonly readBack: string | null;
    readonly accepted: boolean;
    readonly starts: boolean;
  }[];
}

const { releases, altered, tooLong } = rustVectors<ReleaseVectors>('releases');
const FIRST_OWNER = ruleOwner(0).publicKey;

describe('signed programs', () => {
  const named = releases.map((row): [name: string, row: (typeof releases)[number]] => [
    `release ${row.number}: ${row.contentBytes} bytes, version ${row.version}, region at ${row.regionOffset}`,
    row,
  ]);
  it.each(named)('%s', (_name, row) => {
    const { number, owner, contentBytes, regionOffset } = row;
    const content = ruleBytes('content', number, contentBytes);
    const unsigned = insert(content, placeholderFor(row.version), regionOffset);
    const release = signRelease(ruleOwner(owner), parseVersion(row.version), measureFile(unsigned));
    const region = encodeReleaseRegion(release);
    const file = insert(content, region, regionOffset);
    const measured = measureFile(file);
    checkReleaseBytes(release, measured);
    // The answer of a peer, without the status and the length in front of it.
    const frame = concatBytes(encodeFrameHead(release, file.length).subarray(9), file);
    expect({
      hash: toHex(measured.hash),
      contentBytes: measured.sizeBytes,
      regionOffset: measured.regionOffset,
      signature: toHex(release.signature),
      info: toHex(encodeRelease(release)),
      written: written(region),
      frameBytes: frame.length,
      frameHash: createHash('sha512').update(frame).digest('hex'),
      firstOwnerAccepts: resultOrCode(() => verifyRelease(FIRST_OWNER, release)) === release,
    }).toEqual({
      hash: row.hash,
      contentBytes,
      regionOffset,
      signature: row.signature,
      info: row.info,
      written: row.written,
      frameBytes: row.frameBytes,
      frameHash: row.frameHash,
      firstOwnerAccepts: row.firstOwnerAccepts,
    });
    expect(formatVersion(readRegionVersion(fromHex(row.written['rustpatcher-0.2.2'])))).toBe('0.2.2');
  });

  it('are 27, of 25 versions and 27 sizes up to 2 MiB, 14 of them by the first owner', () => {
    expect(releases).toHaveLength(27);
    expect(new Set(releases.map(({ version }) => version)).size).toBe(25);
    expect(new Set(releases.map(({ contentBytes }) => contentBytes)).size).toBe(27);
    expect(Math.max(...releases.map(({ contentBytes }) => contentBytes))).toBe(2_097_152);
    expect(releases.filter(({ firstOwnerAccepts }) => firstOwnerAccepts)).toHaveLength(14);
  });
});

describe('altered programs', () => {
  /** Our verdict on what arrives and on what a program reads of itself at start. */
  const verdicts: [name: string, onArrival: ErrorCode | 'fine', atStart: ErrorCode | 'fine'][] = [
    ['nothing', 'fine', 'fine'],
    ['first byte of the content', 'RELEASE_MISMATCH', 'RELEASE_MISMATCH'],
    ['last byte of the content', 'RELEASE_MISMATCH', 'RELEASE_MISMATCH'],
    ['a byte less at the end', 'RELEASE_MISMATCH', 'RELEASE_MISMATCH'],
    ['a byte more at the end', 'RELEASE_MISMATCH', 'RELEASE_MISMATCH'],
    ['a bit of the first bound', 'STAMP_MALFORMED', 'STAMP_MALFORMED'],
    ['a bit of the second bound', 'STAMP_MALFORMED', 'STAMP_MALFORMED'],
    ['a third bound behind', 'STAMP_MALFORMED', 'STAMP_MALFORMED'],
    ['no region', 'STAMP_MISSING', 'STAMP_MISSING'],
    // The crate does not look at the region of what arrives: it installs a program that then refuses itself.
    ['the hash in the region', 'RELEASE_MISMATCH', 'RELEASE_BAD_SIGNATURE'],
    ['the size in the region', 'RELEASE_MISMATCH', 'RELEASE_BAD_SIGNATURE'],
    ['the signature in the region', 'RELEASE_MISMATCH', 'RELEASE_BAD_SIGNATURE'],
    ['the version in the region', 'RELEASE_MISMATCH', 'RELEASE_BAD_SIGNATURE'],
    // This content names no section and has no anchor: nothing that is signed says where the region belongs.
    ['the region moved by one byte', 'fine', 'fine'],
    ['the version in the info, newer', 'RELEASE_BAD_SIGNATURE', 'fine'],
    ['the version in the info, older', 'RELEASE_BAD_SIGNATURE', 'fine'],
    ['the size in the info', 'RELEASE_BAD_SIGNATURE', 'fine'],
    ['the hash in the info', 'RELEASE_BAD_SIGNATURE', 'fine'],
    ['R of the signature', 'RELEASE_BAD_SIGNATURE', 'fine'],
    ['S of the signature', 'RELEASE_BAD_SIGNATURE', 'fine'],
    ['S plus the order of the group', 'RELEASE_BAD_SIGNATURE', 'fine'],
    ['signed by another key', 'RELEASE_BAD_SIGNATURE', 'fine'],
  ];

  it.each(verdicts)('%s: %s on arrival, %s at start', (name, onArrival, atStart) => {
    const row = altered.find((each) => each.name === name);
    const { release, file } = readPatch(fromHex(row?.patch ?? ''));
    const own = (): Release => decodeReleaseRegion(measureFile(file).region);
    expect(check(() => release, file)).toBe(onArrival);
    expect(check(own, file)).toBe(atStart);
    // Nothing the crate refuses is taken; more is refused only where the region's content is another.
    const free = /^the (hash|size|signature|version) in the region$/.test(name);
    expect(row?.accepted).toBe(onArrival === 'fine' || free);
    expect(row?.starts).toBe(atStart === 'fine');
  });

  it('are 22, each with a verdict', () => {
    expect(altered.map(({ name }) => name).sort()).toEqual(verdicts.map(([name]) => name).sort());
    expect(altered).toHaveLength(22);
  });
});

describe('versions longer than the region has room for', () => {
  it.each(tooLong)('$version is signed and encoded, and no region is made of it', (row) => {
    const content = ruleBytes('content', row.number, row.contentBytes);
    const digest = { hash: createHash('sha512').update(content).digest().subarray(0, 32), sizeBytes: content.length };
    const release = signRelease(ruleOwner(0), parseVersion(row.version), digest);
    expect(toHex(release.hash)).toBe(row.hash);
    expect(toHex(release.signature)).toBe(row.signature);
    expect(toHex(encodeRelease(release))).toBe(row.info);
    expect(decodeReleasePrefix(fromHex(row.info)).release).toEqual({ ...release, hash: new Uint8Array(release.hash) });
    expect(fitsRegion(release.version)).toBe(false);
    expect(resultOrCode(() => encodeReleaseRegion(release))).toBe('VERSION_MALFORMED');

    // The crate cuts the text: no such program starts, although it is taken from a peer.
    expect([row.accepted, row.starts]).toEqual([true, false]);
    const region = concatBytes(boundBytes(), new Uint8Array(104), fromHex(row.field), boundBytes());
    const readBack = resultOrCode(() => formatVersion(readRegionVersion(region)));
    expect(readBack).toBe(row.readBack ?? 'VERSION_MALFORMED');
    expect(readBack).not.toBe(row.version);
    const file = insert(content, region, 40);
    expect(check(() => release, file)).toBe('RELEASE_MISMATCH');
  });

  it('are 8, one of them 2147483647.2147483647.2147483647', () => {
    expect(tooLong).toHaveLength(8);
    expect(tooLong.map(({ version }) => version)).toContain('2147483647.2147483647.2147483647');
  });
});

function placeholderFor(version: string): Uint8Array {
  const fields = { hash: new Uint8Array(32), signature: new Uint8Array(64), sizeBytes: 0 };
  return encodeReleaseRegion({ ...fields, version: parseVersion(version) });
}

/** The region with the version of each crate in it. */
function written(region: Uint8Array): ByVersion<string> {
  const withVersion = (version: string): string => {
    const copy = region.slice();
    copy.fill(0, 132, 148);
    copy.set(asciiBytes(version), 132);
    return toHex(copy);
  };
  return { 'rustpatcher-0.2.0': withVersion('0.2.0'), 'rustpatcher-0.2.2': withVersion('0.2.2') };
}

/** Takes the postcard bytes of a `Patch` apart. */
function readPatch(bytes: Uint8Array): { readonly release: Release; readonly file: Uint8Array } {
  const { release, length } = decodeReleasePrefix(bytes);
  const reader = createPostcardReader({ bytes, offset: length, malformed: (reason) => new Error(reason) });
  const file = reader.bytes(reader.u64(bytes.length));
  expect(reader.offset).toBe(bytes.length);
  return { release, file };
}

/** Whether the file is this release of the first owner. */
function check(claim: () => Release, file: Uint8Array): string {
  return resultOrCode(() => {
    checkReleaseBytes(verifyRelease(FIRST_OWNER, claim()), measureFile(file));
    return 'fine';
  });
}
