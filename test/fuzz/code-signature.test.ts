/**
 * Random code signatures, and programs that carry them: read or refused with their own error, never more asked for than a head
 * may have, and the same image whether a file is in memory or streams by.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { createCanonicalizer, findPlaces, zeroPlaces } from '../../src/core/codesign/image.ts';
import { planCodeSignature } from '../../src/core/codesign/header.ts';
import { decodeCodeSignature, isRenewable, readSignatureHead } from '../../src/core/codesign/signature.ts';
import { renewPageHashes } from '../../src/core/codesign/watch.ts';
import { accepts, bytesNear, FUZZ_RUNS, regressions } from '../support/fuzz.ts';
import { machOProgram, pseudoRandom, signedAdHoc, STAMP_AT, TEXT_BYTES, watched } from '../support/macho-samples.ts';

const SIGNATURE_AT = 16_400;
const program = signedAdHoc(machOProgram({ version: '1.0.0', linkEditBytes: 10 }));
const signature = program.subarray(SIGNATURE_AT);
/** Fields a reader believes: of the head and of the signature. */
const FIELDS = [16, 20, 36, 188, ...Array.from({ length: 40 }, (_, index) => SIGNATURE_AT + index * 4)];
const LONGEST_HEAD_BYTES = 4096;

function checkSignature(bytes: Uint8Array): void {
  accepts(() => {
    const head = readSignatureHead(bytes, SIGNATURE_AT);
    if (!('need' in head)) return;
    expect(head.need).toBeGreaterThan(bytes.length);
    expect(head.need).toBeLessThanOrEqual(LONGEST_HEAD_BYTES);
  }, 'CODE_SIGNATURE_INVALID');
  accepts(() => {
    const found = decodeCodeSignature(bytes, SIGNATURE_AT);
    // What is read whole is read the same from its head.
    expect(readSignatureHead(bytes.subarray(0, found.hashesAt), SIGNATURE_AT)).toEqual(found);
    expect(found.hashesAt + found.pageCount * 32).toBeLessThanOrEqual(bytes.length);
  }, 'CODE_SIGNATURE_INVALID');
}

function checkProgram(file: Uint8Array): void {
  accepts(
    () => {
      const found = watched(file, 5000);
      if (found === undefined || !isRenewable(found)) return;
      const hashes = renewPageHashes(found);
      const renewed = file.slice();
      renewed.set(hashes?.bytes ?? [], hashes?.offset ?? 0);
      expect(watched(renewed)?.wrongPages).toEqual([]);
    },
    'CODE_SIGNATURE_INVALID',
    'STAMP_MALFORMED',
  );
  const image = file.slice();
  zeroPlaces(image, 0, findPlaces(file, STAMP_AT + 20));
  const canonicalizer = createCanonicalizer(STAMP_AT + 20);
  const half = file.length >> 1;
  const streamed = concatBytes(canonicalizer.update(file.subarray(0, half)), canonicalizer.update(file.subarray(half)));
  expect(Buffer.compare(streamed, image)).toBe(0);
  accepts(
    () => {
      const plan = planCodeSignature({ head: file, fileBytes: file.length, identifier: 'fuzz' });
      expect(plan.codeBytes % 16).toBe(0);
      expect(plan.head.length).toBe(Math.min(file.length, plan.codeBytes));
    },
    'CODE_SIGNATURE_INVALID',
    'STAMP_MALFORMED',
  );
}

it('signatures', () => {
  fc.assert(fc.property(bytesNear(signature, pseudoRandom('noise', 300)), checkSignature), { numRuns: FUZZ_RUNS });
});

it('programs with any number in any field', () => {
  const value = fc.oneof(fc.nat(300), fc.nat(TEXT_BYTES * 2), fc.constantFrom(0x1000, 0x7fffffff, 0xffffffff));
  const edit = fc.record({ at: fc.constantFrom(...FIELDS), value, little: fc.boolean() });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), fc.nat(100), (edits, cut) => {
      const file = program.slice();
      const view = new DataView(file.buffer);
      for (const { at, value: number, little } of edits) view.setUint32(at, number, little);
      checkProgram(cut === 0 ? file.subarray(0, file.length - 1) : file);
    }),
    { numRuns: Math.ceil(FUZZ_RUNS / 10) }, // each hashes a whole program
  );
});

it.each(regressions('code-signature'))('regression %s', (_file, bytes) => {
  checkSignature(bytes);
});
