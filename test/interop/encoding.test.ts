/**
 * PatchInfo and Patch as bytes: what each side writes, and what it makes of bytes that nobody should write.
 */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { fromHex, toHex } from '../../src/core/base/hex.ts';
import { encodeU64 } from '../../src/core/base/postcard.ts';
import { decodeContent } from '../../src/core/record/content.ts';
import { decodeReleasePrefix, encodeRelease } from '../../src/core/release/release-encoding.ts';
import type { Release } from '../../src/core/release/release.ts';
import { createFrameDecoder, encodeFrameHead } from '../../src/core/transfer/frame.ts';
import { interopCase, type CaseRow } from './support/interop-case.ts';
import { OracleRefusal, startOracle, type Oracle } from './support/oracle.ts';
import { fieldsOf, sampleRelease, type ReleaseFields } from './support/release-fields.ts';
import { bytesOf } from './support/samples.ts';
import type { Workspace } from './support/workspaces.ts';

/** Both sides of every border of a varint, up to the largest program of ours. */
const SIZES = [0, 1, 40, 127, 128, 16_383, 16_384, 2 ** 21 - 1, 2 ** 21, 2 ** 28 - 1, 2 ** 28, 2 ** 32 - 1, 2 ** 32];
const VERSIONS = [
  ...['0.0.0', '0.0.1', '1.2.3', '63.64.65', '8191.8192.8193', '1048575.1048576.0', '134217727.134217728.0'],
  ...['0.0.2147483647', '1073741823.0.0', '1073741824.0.0', '2147483647.2147483647.2147483647'],
];
const RELEASES: readonly Release[] = VERSIONS.flatMap((version) => SIZES.map((size) => sampleRelease(version, size)));
/** Of ours, the length of the file is the size and 176; these cross the borders of its varint. */
const PATCH_SIZES = [0, 1, 16_383 - 176, 16_384 - 176, 65_536, 2 ** 21 - 1 - 176, 2 ** 21 - 176];

const TAIL = toHex(concatBytes(bytesOf('hash', 32), bytesOf('signature', 64)));
const V123 = '020406';
const MAX = 'ff'.repeat(9);

type Verdict = 'taken' | 'refused';
/** Bytes of a PatchInfo, and who takes them. `as`: what they are taken for. */
interface OddBytes {
  readonly name: string;
  readonly hex: string;
  readonly rust: Verdict;
  readonly ours: Verdict;
  readonly as?: Partial<ReleaseFields>;
}

const odd = (name: string, hex: string, rust: Verdict, ours: Verdict, as: Partial<ReleaseFields> = {}): OddBytes => {
  return { name, hex, rust, ours, as };
};
const ODD: readonly OddBytes[] = [
  odd('as it should be', `${V123}28${TAIL}`, 'taken', 'taken', { version: '1.2.3', size: '40' }),
  odd('one byte behind it', `${V123}28${TAIL}00`, 'taken', 'taken', { version: '1.2.3' }),
  odd('a thousand bytes behind it', `${V123}28${TAIL}${'ab'.repeat(1000)}`, 'taken', 'taken', { version: '1.2.3' }),
  odd('a size with a needless byte', `${V123}a800${TAIL}`, 'taken', 'refused', { size: '40' }),
  odd('a size of ten bytes that are mostly needless', `${V123}a8${'80'.repeat(8)}00${TAIL}`, 'taken', 'refused'),
  odd('a size of eleven bytes', `${V123}a8${'80'.repeat(9)}00${TAIL}`, 'refused', 'refused'),
  odd('a part of the version with a needless byte', `8200040628${TAIL}`, 'taken', 'refused', { version: '1.2.3' }),
  odd('a part of five bytes that are mostly needless', `8280808000040628${TAIL}`, 'taken', 'refused'),
  odd('a part of six bytes', `828080808000040628${TAIL}`, 'refused', 'refused'),
  odd('a part above 32 bits', `8080808010040628${TAIL}`, 'refused', 'refused'),
  odd('version -1.2.3', `01040628${TAIL}`, 'taken', 'refused', { version: '-1.2.3' }),
  odd('version 1.2.-2147483648', `0204ffffffff0f28${TAIL}`, 'taken', 'refused', { version: '1.2.-2147483648' }),
  odd('4 GiB', `${V123}8080808010${TAIL}`, 'taken', 'taken', { size: String(2 ** 32) }),
  odd('4 GiB and a byte', `${V123}8180808010${TAIL}`, 'taken', 'refused', { size: String(2 ** 32 + 1) }),
  odd('size 2^53', `${V123}8080808080808010${TAIL}`, 'taken', 'refused', { size: String(2 ** 53) }),
  odd('size 2^63', `${V123}${'80'.repeat(9)}01${TAIL}`, 'taken', 'refused', { size: '9223372036854775808' }),
  odd('size 2^64 - 1', `${V123}${MAX}01${TAIL}`, 'taken', 'refused', { size: '18446744073709551615' }),
  odd('size above 64 bits', `${V123}${MAX}02${TAIL}`, 'refused', 'refused'),
  odd('a signature of bits that are all set', `${V123}28${TAIL.slice(0, 64)}${'ff'.repeat(64)}`, 'taken', 'taken'),
  odd('nothing', '', 'refused', 'refused'),
  odd('an end inside the version', '0204', 'refused', 'refused'),
  odd('an end inside a number', '82', 'refused', 'refused'),
  odd('an end inside the hash', `${V123}28${TAIL.slice(0, 60)}`, 'refused', 'refused'),
  odd('an end one byte too early', `${V123}28${TAIL.slice(0, -2)}`, 'refused', 'refused'),
];

describe.each([
  ['rustpatcher-0.2.0', 'rustpatcher 0.2.0, postcard 1.1.3, ed25519 2.2.3'],
  ['rustpatcher-0.2.2', 'rustpatcher 0.2.2, postcard 1.1.2, ed25519 3.0.0-rc.1'],
] as const)('%s', (workspace: Workspace['name'], versions) => {
  const info: CaseRow = { case: 'PatchInfo', direction: 'both ways', versions };
  const patch: CaseRow = { case: 'Patch', direction: 'both ways', versions };
  const oracle = useOracle(workspace);

  interopCase(info, 'both write the same bytes, and each reads the other', async (count) => {
    for (const release of RELEASES) {
      const written = await oracle().ask<string>('encode-info', fieldsOf(release));
      expect(toHex(encodeRelease(release))).toBe(written);
      const bytes = fromHex(written);
      expect(decodeReleasePrefix(bytes)).toEqual({ release, length: bytes.length });
      expect(await oracle().ask('decode-info', { bytes: written })).toEqual(fieldsOf(release));
    }
    count(3 * RELEASES.length);
  });

  for (const { name, hex, rust, ours, as } of ODD) {
    const agree = ours === 'taken' ? 'both ways' : 'both refuse';
    const row: CaseRow = { ...info, direction: rust === ours ? agree : 'differ' };
    interopCase(row, `${name}: ${rust} by Rust, ${ours} by ours`, async (count) => {
      const read = oracle().ask<ReleaseFields>('decode-info', { bytes: hex });
      if (rust === 'taken') expect(await read).toMatchObject(as ?? {});
      else await expect(read).rejects.toThrow(OracleRefusal);
      const decode = (): Release => decodeReleasePrefix(fromHex(hex)).release;
      if (ours === 'taken') expect(fieldsOf(decode())).toEqual(await read);
      else expect(decode).toThrow(expect.objectContaining({ code: 'RELEASE_MALFORMED' }) as Error);
      count(2);
    });
  }

  interopCase(info, 'address hints behind it change nothing for Rust', async (count) => {
    const release = sampleRelease('1.2.3', 40);
    const hints = '01' + '01' + '04' + '7f000001' + '1f90' + '00'; // 127.0.0.1:8080, no relay
    const bytes = toHex(encodeRelease(release)) + hints;
    expect(await oracle().ask('decode-info', { bytes })).toEqual(fieldsOf(release));
    expect(decodeContent(fromHex(bytes)).hints).toMatchObject({ addresses: ['127.0.0.1:8080'] });
    count(2);
  });

  interopCase(
    { ...info, direction: 'differ' },
    'the form with a length is read by Rust as another signature',
    async (count) => {
      const release = sampleRelease('1.2.3', 40);
      const bytes = toHex(prefixed(release));
      const shifted = concatBytes(Uint8Array.of(64), release.signature.subarray(0, 63));
      expect(await oracle().ask('decode-info', { bytes })).toEqual({ ...fieldsOf(release), signature: toHex(shifted) });
      expect(decodeContent(fromHex(bytes)).release).toEqual(release);
      count(2);
    },
  );

  for (const size of PATCH_SIZES) {
    interopCase(patch, `a program of ${size} bytes and a region: same bytes, read by each other`, async (count) => {
      const release = sampleRelease('1.2.3', size);
      const file = bytesOf(`file ${size}`, size + 176);
      const written = await oracle().ask<string>('encode-patch', { ...fieldsOf(release), data: toHex(file) });
      // Status and length stand in front of it on the wire: test/interop/live-update.test.ts.
      const ours = concatBytes(encodeFrameHead(release, file.length), file);
      expect(toHex(ours.subarray(9)) === written).toBe(true);
      expect(readFrame(release, fromHex(written)).equals(file)).toBe(true);
      const read = await oracle().ask<{ info: ReleaseFields; data: string }>('decode-patch', { bytes: written });
      expect(read.info).toEqual(fieldsOf(release));
      expect(read.data === toHex(file)).toBe(true);
      count(4);
    });
  }

  interopCase(
    { ...patch, direction: 'differ' },
    'a byte behind it is ignored by Rust and refused by ours',
    async (count) => {
      const release = sampleRelease('1.2.3', 40);
      const file = bytesOf('file', 216);
      const bytes = concatBytes(encodeFrameHead(release, file.length).subarray(9), file, Uint8Array.of(0));
      expect(await oracle().ask('decode-patch', { bytes: toHex(bytes) })).toMatchObject({ info: fieldsOf(release) });
      expect(() => readFrame(release, bytes)).toThrow(expect.objectContaining({ code: 'PEER_MISBEHAVED' }) as Error);
      count(2);
    },
  );

  interopCase(patch, 'a file that is shorter than its length is refused by both', async (count) => {
    const release = sampleRelease('1.2.3', 40);
    const bytes = concatBytes(encodeFrameHead(release, 216).subarray(9), bytesOf('file', 215));
    await expect(oracle().ask('decode-patch', { bytes: toHex(bytes) })).rejects.toThrow(OracleRefusal);
    expect(() => readFrame(release, bytes)).toThrow(expect.objectContaining({ code: 'PEER_MISBEHAVED' }) as Error);
    count(2);
  });
});

describe('ed25519 3.0.0', () => {
  // No rustpatcher is published for it: the oracle has a struct of the same fields.
  const versions = 'ed25519 3.0.0, postcard 1.1.3';
  const row: CaseRow = {
    case: 'PatchInfo and Patch with a length before the signature',
    direction: 'ours ← Rust',
    versions,
  };
  const oracle = useOracle('current');

  interopCase(row, 'PatchInfo has 0x40 before the signature, and ours reads it', async (count) => {
    for (const release of RELEASES) {
      const written = await oracle().ask<string>('encode-info', fieldsOf(release));
      expect(written).toBe(toHex(prefixed(release)));
      const bytes = fromHex(written);
      expect(decodeReleasePrefix(bytes, { signature: 'prefixed' })).toEqual({ release, length: bytes.length });
      expect(decodeContent(bytes)).toEqual({ release, hints: { addresses: [] } });
    }
    count(3 * RELEASES.length);
  });

  for (const size of PATCH_SIZES) {
    interopCase(row, `Patch of ${size} bytes and a region is read by ours`, async (count) => {
      const release = sampleRelease('1.2.3', size);
      const file = bytesOf(`file ${size}`, size + 176);
      const written = await oracle().ask<string>('encode-patch', { ...fieldsOf(release), data: toHex(file) });
      expect(written.startsWith(toHex(prefixed(release)))).toBe(true);
      expect(readFrame(release, fromHex(written)).equals(file)).toBe(true);
      count(2);
    });
  }

  interopCase(
    { ...row, direction: 'differ' },
    'it reads nothing without that length: not ours, not that of rustpatcher 0.2',
    async (count) => {
      for (const release of RELEASES) {
        const bytes = toHex(encodeRelease(release));
        await expect(oracle().ask('decode-info', { bytes })).rejects.toThrow(OracleRefusal);
      }
      count(RELEASES.length);
    },
  );
});

function useOracle(workspace: Workspace['name']): () => Oracle {
  let oracle: Oracle | undefined;
  beforeAll(() => {
    oracle = startOracle(workspace);
  });
  afterAll(() => oracle?.close());
  return () => {
    if (oracle === undefined) throw new Error('no test is running');
    return oracle;
  };
}

function prefixed(release: Release): Uint8Array {
  const bytes = encodeRelease(release);
  return concatBytes(bytes.subarray(0, -64), encodeU64(64), bytes.subarray(-64));
}

/** What ours takes from a peer that sends this Patch. */
function readFrame(release: Release, patch: Uint8Array): Buffer {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(patch.length));
  const frame = concatBytes(Uint8Array.of(1), length, patch);
  const decoder = createFrameDecoder(release);
  const file: Uint8Array[] = [];
  let offset = 0;
  while (offset < frame.length && decoder.wantedBytes > 0) {
    const piece = frame.subarray(offset, offset + Math.min(decoder.wantedBytes, 65_536));
    file.push(decoder.update(piece));
    offset += piece.length;
  }
  decoder.end();
  return Buffer.concat(file);
}
