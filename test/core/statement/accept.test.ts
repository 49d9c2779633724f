import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import type { ErrorCode } from '../../../src/core/base/errors.ts';
import { ownerKeyFromSeed } from '../../../src/core/keys/owner-key.ts';
import { encodeReleaseRegion } from '../../../src/core/release/region.ts';
import { signRelease } from '../../../src/core/release/release.ts';
import { parseVersion } from '../../../src/core/release/version.ts';
import { encodeReleaseBlock } from '../../../src/core/stamp/block.ts';
import { acceptStatement, checkStatement } from '../../../src/core/statement/accept.ts';
import { sampleProgram, signSample, signSampleStatement } from '../../../src/testing/sample-program.ts';
import { failure, measureFile, OWNER } from '../../support/stamp-samples.ts';

const { file, statement, manifest, release } = signSampleStatement(sampleProgram({ version: '1.2.3' }), OWNER, {
  version: '1.2.3-rc.1',
});
const MEASURED = measureFile(file);
const flipped = (bytes: Uint8Array, index: number): Uint8Array => bytes.with(index, (bytes[index] ?? 0) ^ 1);
const at = statement.stampOffset;
const put = (bytes: Uint8Array, part: Uint8Array, offset: number): Uint8Array => {
  const copy = bytes.slice();
  copy.set(part, offset);
  return copy;
};
/** The same program, signed by the owner as something else. */
const resigned = signSampleStatement(file, OWNER, { version: '1.2.4' });
const otherRegion = encodeReleaseRegion(signRelease(OWNER, parseVersion('1.2.4'), release));
const stranger = ownerKeyFromSeed(new Uint8Array(32).fill(9));
const foreignRegion = encodeReleaseRegion(signRelease(stranger, release.version, release));

describe('the gate, for releases with a statement', () => {
  it('accepts the program it describes', () => {
    for (const above of [undefined, '1.2.2', '1.2.3-beta']) {
      expect(acceptStatement(statement, MEASURED, manifest.root, { above })).toEqual(release);
    }
  });

  it.each(['1.2.3-rc.1', '1.2.3', '2.0.0'])('RELEASE_NOT_NEWER: %s was seen', (above) => {
    const accept = () => acceptStatement(statement, MEASURED, manifest.root, { above });
    expect(accept).toThrow(failure('RELEASE_NOT_NEWER'));
  });

  it('accepts no program of another format', () => {
    const accept = (format: string | undefined) =>
      acceptStatement(statement, { ...MEASURED, format: 'elf-x64' }, manifest.root, { above: undefined, format });
    expect(accept('elf-x64')).toEqual(release);
    expect(accept(undefined)).toEqual(release);
    expect(() => accept('elf-arm64')).toThrow(failure('RELEASE_WRONG_TARGET'));
  });

  it('RELEASE_MISMATCH: another root', () => {
    for (const root of [flipped(manifest.root, 0), flipped(manifest.root, 31), manifest.root.slice(1)]) {
      expect(() => checkStatement(statement, MEASURED, root)).toThrow(failure('RELEASE_MISMATCH'));
    }
  });

  it('RELEASE_MISMATCH: another length', () => {
    for (const fileBytes of [file.length - 1, file.length + 1]) {
      const measured = { ...MEASURED, fileBytes };
      expect(() => checkStatement(statement, measured, manifest.root)).toThrow(failure('RELEASE_MISMATCH'));
    }
  });

  const wrong: [what: string, bytes: Uint8Array, code: ErrorCode][] = [
    ['a byte more', concatBytes(file, Uint8Array.of(0)), 'RELEASE_MISMATCH'],
    ['a byte less', file.slice(0, -1), 'RELEASE_MISMATCH'],
    ['a byte changed', flipped(file, 5), 'RELEASE_MISMATCH'],
    ['no statement in it', put(file, new Uint8Array(1104), at), 'RELEASE_MISMATCH'],
    [
      'no statement in it, its region signed for that',
      signSample(put(file, new Uint8Array(1104), at), OWNER).file,
      'RELEASE_MISMATCH',
    ],
    ['another statement of the owner in it', resigned.file, 'RELEASE_MISMATCH'],
    ['a byte of the statement changed', flipped(file, at + 200), 'RELEASE_MISMATCH'],
    ['a byte of its padding changed', flipped(file, at + 1103), 'RELEASE_MISMATCH'],
    ['the region of another version', put(file, otherRegion, at + 1104), 'RELEASE_MISMATCH'],
    ['the region of another owner', put(file, foreignRegion, at + 1104), 'RELEASE_BAD_SIGNATURE'],
    [
      'an unsigned region',
      put(file, sampleProgram({ version: '1.2.3' }).subarray(at + 1104, at + 1280), at + 1104),
      'RELEASE_UNSIGNED',
    ],
    [
      'the region of the program without statement',
      signSample(sampleProgram({ version: '1.2.3' }), OWNER).file.with(at, 0),
      'RELEASE_MISMATCH',
    ],
  ];
  it.each(wrong)('refuses: %s', (_what, bytes, code) => {
    expect(() => checkStatement(statement, measureFile(bytes), manifest.root)).toThrow(failure(code));
  });

  it('RELEASE_MISMATCH: a program without a release block, and one that has it elsewhere', () => {
    for (const stampOffset of [undefined, at + 1]) {
      const measured = { ...MEASURED, stampOffset, ...(stampOffset === undefined && { block: undefined }) };
      expect(() => checkStatement(statement, measured, manifest.root)).toThrow(failure('RELEASE_MISMATCH'));
    }
  });

  it("RELEASE_MISMATCH: the region's version is not the statement's, both signed by the owner", () => {
    const region = encodeReleaseRegion(signRelease(OWNER, parseVersion('1.2.2'), MEASURED));
    expect(() => checkStatement(statement, { ...MEASURED, region }, manifest.root)).toThrow(
      failure('RELEASE_MISMATCH'),
    );
  });

  it('looks at every byte of block and region', () => {
    const block = encodeReleaseBlock(statement.item);
    for (let index = 0; index < 1280; index++) {
      const measured =
        index < 1104
          ? { ...MEASURED, block: flipped(block, index) }
          : { ...MEASURED, region: flipped(MEASURED.region, index - 1104) };
      expect(() => checkStatement(statement, measured, manifest.root)).toThrow();
    }
  });
});
