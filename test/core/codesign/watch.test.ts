import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { checkPages, createSignatureWatch, renewPageHashes } from '../../../src/core/codesign/watch.ts';
import { sha256 } from '../../../src/core/crypto/hash.ts';
import { edited, machOProgram, shown, signedAdHoc, watched, withPageHashes } from '../../support/macho-samples.ts';
import { failure, filler, machOHead } from '../../support/stamp-samples.ts';

const PROGRAM = machOProgram();
const SIGNED = signedAdHoc(PROGRAM);
const SIGNATURE_AT = 21_392; // 16384 + 5001 bytes, up to a multiple of 16
const HASHES_AT = SIGNATURE_AT + 20 + 88 + 'sample'.length + 1;

/** The signed program with pages of 16 KiB, whose hashes take less room; what is left is padding. */
function withLargePages(file: Uint8Array): Uint8Array {
  const bytes = edited(file, [
    [SIGNATURE_AT + 4, 20 + 95 + 64],
    [SIGNATURE_AT + 24, 95 + 64],
    [SIGNATURE_AT + 20 + 28, 2],
  ]);
  bytes[SIGNATURE_AT + 20 + 39] = 14;
  return withPageHashes(bytes);
}

describe('watching a code signature', () => {
  it('finds it right, however the file arrives', () => {
    for (const pieceBytes of [1, 100, 4096, SIGNED.length]) {
      const found = watched(SIGNED, pieceBytes);
      expect(found).toMatchObject({ offset: SIGNATURE_AT, identifier: 'sample', isAdHoc: true, wrongPages: [] });
      expect(found?.sizeBytes).toBe(SIGNED.length - SIGNATURE_AT);
      expect(() => {
        checkPages(found);
      }).not.toThrow();
    }
  });

  it('hashes pages of 4 KiB, the last as short as it is', () => {
    const hashes = watched(SIGNED)?.pageHashes;
    expect(hashes?.subarray(32, 64)).toEqual(sha256(SIGNED.subarray(4096, 8192)));
    expect(hashes?.subarray(5 * 32)).toEqual(sha256(SIGNED.subarray(5 * 4096, SIGNATURE_AT)));
    expect(hashes).toHaveLength(6 * 32);
  });

  it('hashes pages of 16 KiB on arm64', () => {
    const found = watched(withLargePages(SIGNED), 1000);
    expect(found).toMatchObject({ pageBytes: 16_384, pageCount: 2, wrongPages: [] });
    expect(found?.pageHashes.subarray(0, 32)).toEqual(sha256(SIGNED.subarray(0, 16_384)));
  });

  it('CODE_SIGNATURE_INVALID: pages of 16 KiB on x64, which has none', () => {
    expect(() => withLargePages(signedAdHoc(machOProgram({ arch: 'x64' })))).toThrow(failure('CODE_SIGNATURE_INVALID'));
  });

  it('names the pages that do not fit', () => {
    const found = watched(SIGNED.with(5000, 1).with(17_000, 1).with(HASHES_AT, 1));
    expect(found?.wrongPages).toEqual([0, 1, 4]);
    expect(() => {
      checkPages(found);
    }).toThrow(/3 of 6 pages.*page 0/);
    expect(() => {
      checkPages(found);
    }).toThrow(failure('CODE_SIGNATURE_INVALID'));
  });

  it('notices every byte in front of the signature, and every hash', () => {
    for (let at = 400; at < HASHES_AT + 6 * 32; at += at < SIGNATURE_AT - 64 ? 61 : 1) {
      if (at >= SIGNATURE_AT && at < HASHES_AT) continue;
      expect(watched(SIGNED.with(at, (SIGNED[at] ?? 0) ^ 1))?.wrongPages, `byte ${at}`).toHaveLength(1);
    }
  });

  it('makes the hashes that are right for what stands in front of them', () => {
    const changed = SIGNED.with(5000, 1);
    expect(renewPageHashes(watched(changed))).toMatchObject({ offset: HASHES_AT });
    const renewed = withPageHashes(changed);
    expect(watched(renewed)?.wrongPages).toEqual([]);
    expect(withPageHashes(renewed.with(5000, SIGNED[5000] ?? 0))).toEqual(SIGNED);
  });

  it('does not make those of a certificate anew', () => {
    const certified = edited(SIGNED, [[SIGNATURE_AT + 20 + 12, 0x10000]]);
    const found = watched(certified);
    expect(found).toMatchObject({ isAdHoc: false, wrongPages: [] });
    expect(() => renewPageHashes(found)).toThrow(failure('CODE_SIGNATURE_INVALID'));
  });

  it('passes what has none', () => {
    for (const file of [filler(5000), new Uint8Array(), new Uint8Array(3), machOProgram({ arch: 'x64' })]) {
      expect(watched(file)).toBeUndefined();
      expect(renewPageHashes(undefined)).toBeUndefined();
      expect(() => {
        checkPages(undefined);
      }).not.toThrow();
    }
  });

  it('tells as soon as it knows that there is nothing to see', () => {
    expect(shown(createSignatureWatch(), filler(100)).isWatching).toBe(false);
    expect(shown(createSignatureWatch(), SIGNED.subarray(0, 100)).isWatching).toBe(true);
    expect(shown(createSignatureWatch(), SIGNED).isWatching).toBe(true);
  });

  const huge = machOHead({ codeSignature: { offset: 5000, sizeBytes: 2 * 1024 ** 2 } });
  it.each([
    ['a program for arm64 without one', PROGRAM],
    ['a file that ends inside it', SIGNED.subarray(0, -1)],
    ['a file that ends in front of it', SIGNED.subarray(0, SIGNATURE_AT)],
    ['bytes behind it', concatBytes(SIGNED, new Uint8Array(1))],
    ['one that is larger than its program', huge],
    ['one that is none', concatBytes(SIGNED.subarray(0, SIGNATURE_AT), filler(SIGNED.length - SIGNATURE_AT))],
  ])('CODE_SIGNATURE_INVALID: %s', (_name, file) => {
    expect(() => watched(file, 1000)).toThrow(failure('CODE_SIGNATURE_INVALID'));
  });
});
