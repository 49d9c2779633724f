/**
 * Versions and release descriptions as rustpatcher writes, reads and orders them (test/vectors/rustpatcher-versions.json).
 *
 * Where we differ, the test says in what: every difference but the order of 0.2.2 is a refusal.
 *
 * @module
 */
import { expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import { MAX_PROGRAM_BYTES } from '../../../src/core/base/limits.ts';
import { decodeContent } from '../../../src/core/record/content.ts';
import { readRegionVersion } from '../../../src/core/release/region.ts';
import { decodeReleasePrefix, encodeRelease } from '../../../src/core/release/release-encoding.ts';
import type { Release } from '../../../src/core/release/release.ts';
import { compareVersions, formatVersion, parseVersion } from '../../../src/core/release/version.ts';
import { boundBytes } from '../../../src/core/stamp/marker.ts';
import { resultOrCode, ruleBytes, rustVectors, type ByVersion } from '../../support/rust-vectors.ts';

interface Info {
  readonly number: number;
  readonly version: string;
  readonly size: string;
  readonly info: string;
}

interface VersionVectors {
  readonly infos: readonly Info[];
  /** With the length 0x40 before the signature. */
  readonly prefixedInfos: readonly Info[];
  /** `read`: the bytes of what the crate read, or null. */
  readonly decodings: readonly { readonly name: string; readonly bytes: string; readonly read: string | null }[];
  readonly texts: readonly { readonly text: string; readonly read: string | null }[];
  readonly regionFields: readonly { readonly field: string; readonly read: string | null }[];
  readonly order: readonly {
    readonly a: string;
    readonly b: string;
    readonly newer: boolean | ByVersion<boolean>;
  }[];
}

const { infos, prefixedInfos, decodings, texts, regionFields, order } = rustVectors<VersionVectors>('versions');

function releaseOf({ number, version, size }: Info): Release {
  const bytes = ruleBytes('info', number, 96);
  const [hash, signature] = [bytes.slice(0, 32), bytes.slice(32)];
  return { version: parseVersion(version), sizeBytes: Number(size), hash, signature };
}
const isOurs = ({ version, size }: Info): boolean => !version.includes('-') && Number(size) <= MAX_PROGRAM_BYTES;
const decoded = (info: string): string => toHex(encodeRelease(decodeReleasePrefix(fromHex(info)).release));

it('writes and reads 54 releases, up to 2147483647.2147483647.2147483647, but 5 with a sign and 4 above 4 GiB', () => {
  const taken = infos.filter(isOurs);
  expect(taken.map((row) => toHex(encodeRelease(releaseOf(row))))).toEqual(taken.map(({ info }) => info));
  expect(taken.map(({ info }) => decodeReleasePrefix(fromHex(info)).release)).toEqual(taken.map(releaseOf));
  const refused = infos.filter((row) => !isOurs(row));
  for (const { info } of refused) expect(resultOrCode(() => decoded(info))).toBe('RELEASE_MALFORMED');
  expect(refused.map(({ version, size }) => `${version} ${size}`)).toEqual([
    '-1.0.0 1000000',
    '0.-1.0 1000000',
    '0.0.-1 1000000',
    '1.2.-2147483648 1000000',
    '-2147483648.-2147483648.-2147483648 1000000',
    '1.2.3 4294967297',
    '1.2.3 9007199254740991',
    '1.2.3 9007199254740992',
    '1.2.3 18446744073709551615',
  ]);
  expect(infos).toHaveLength(54);
  expect(taken.map(({ version }) => version)).toContain('2147483647.2147483647.2147483647');
});

it('reads 5 releases with a length before the signature', () => {
  for (const row of prefixedInfos) {
    const bytes = fromHex(row.info);
    const { release, length } = decodeReleasePrefix(bytes, { signature: 'prefixed' });
    expect([release, length]).toEqual([releaseOf(row), bytes.length]);
    expect(decodeContent(bytes).release).toEqual(releaseOf(row));
  }
  expect(prefixedInfos).toHaveLength(5);
});

it('reads each of 19 byte strings as the crate does, or refuses it', () => {
  /** Read by the crate, refused by us. */
  const stricter = [
    'a part in two bytes instead of one',
    'a part in five bytes instead of one',
    'a part below zero',
    'a size in three bytes instead of two',
    'a size in ten bytes instead of two',
    'a size of 64 bits',
  ];
  for (const { name, bytes, read } of decodings) {
    const expected = stricter.includes(name) ? null : read;
    expect([name, resultOrCode(() => decoded(bytes))]).toEqual([name, expected ?? 'RELEASE_MALFORMED']);
  }
  expect(decodings.filter(({ name, read }) => stricter.includes(name) && read !== null)).toHaveLength(stricter.length);
  expect(decodings).toHaveLength(19);
});

it('reads each of 63 texts as the crate does, or refuses it', () => {
  const isStricter = (text: string): boolean => /[-+]|(^|\.)0\d/.test(text); // signs, leading zeros
  for (const { text, read } of texts) {
    const expected = isStricter(text) ? null : read;
    const ours = resultOrCode(() => formatVersion(parseVersion(text)));
    expect([text, ours]).toEqual([text, expected ?? 'VERSION_MALFORMED']);
  }
  expect(texts.filter(({ text, read }) => isStricter(text) && read !== null)).toHaveLength(12);
  expect(texts).toHaveLength(63);
});

it('reads each of 16 version fields of a region as the crate does, or refuses it', () => {
  const stricter = [' 1.2.3 ', '1.2.3           ', '1.2.3\n', '+1.2.3', '01.2.3', '-1.2.3'];
  const textOf = (field: string): string => String.fromCharCode(...fromHex(field)).replace(/\0+$/, '');
  for (const { field, read } of regionFields) {
    const region = concatBytes(boundBytes(), new Uint8Array(104), fromHex(field), boundBytes());
    const ours = resultOrCode(() => formatVersion(readRegionVersion(region)));
    const expected = stricter.includes(textOf(field)) ? null : read;
    if (expected === null) expect([field, ours]).toEqual([field, expect.stringMatching(/^(VERSION|STAMP)_MALFORMED$/)]);
    else expect([field, ours]).toEqual([field, expected]);
  }
  const read = regionFields.filter(({ field, read }) => stricter.includes(textOf(field)) && read !== null);
  expect(read).toHaveLength(stricter.length);
  expect(regionFields).toHaveLength(16);
});

it('orders 256 pairs as 0.2.0 does, and all but 6 of those without a sign as 0.2.2 does', () => {
  const pairs = order.filter(({ a, b }) => !`${a} ${b}`.includes('-'));
  const verdict = (newer: boolean | ByVersion<boolean>, version: keyof ByVersion<boolean>): boolean =>
    typeof newer === 'boolean' ? newer : newer[version];
  const ours = pairs.map(({ a, b }) => compareVersions(parseVersion(a), parseVersion(b)) > 0);
  expect(ours).toEqual(pairs.map(({ newer }) => verdict(newer, 'rustpatcher-0.2.0')));
  const others = pairs.filter(({ newer }, index) => verdict(newer, 'rustpatcher-0.2.2') !== ours[index]);
  // Only parts of 2147483647 are weighed like one more of the part before them.
  expect(others.map(({ a, b }) => `${a} ${b}`)).toEqual([
    '0.1.0 0.0.2147483647',
    '0.2147483647.2147483647 1.0.0',
    '0.2147483647.2147483647 1.0.1',
    '1.0.0 0.2147483647.0',
    '1.0.0 0.2147483647.2147483647',
    '1.0.1 0.2147483647.2147483647',
  ]);
  expect([order.length, pairs.length]).toEqual([256, 196]);
});
