/**
 * Random heads of programs: every reader of a format ends with a place, nothing, or its own error, and never asks for more
 * than it may hold.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MAX_ELF_SECTIONS, MAX_PROGRAM_HEAD_BYTES } from '../../src/core/base/limits.ts';
import { createElfWatch, readElfHead } from '../../src/core/stamp/elf.ts';
import { readFormat } from '../../src/core/stamp/format.ts';
import type { NeedBytes } from '../../src/core/stamp/head.ts';
import { readMachO } from '../../src/core/stamp/macho.ts';
import { readPeSection } from '../../src/core/stamp/pe.ts';
import { accepts, bytesNear, FUZZ_RUNS, regressions } from '../support/fuzz.ts';
import { elfWithoutRegion, machOHead, peHead } from '../support/stamp-samples.ts';

const section = { offset: 4096, sizeBytes: 176 };
const codeSignature = { offset: 8192, sizeBytes: 100 };
const elf = [64, 32].flatMap((bits) =>
  [true, false].map((little) => elfWithoutRegion({ bits: bits === 64 ? 64 : 32, little })),
);
const machO = [64, 32].flatMap((bits) =>
  [true, false].map((little) => machOHead({ bits: bits === 64 ? 64 : 32, little, section, codeSignature })),
);
const pe = [peHead(section)];

/** A reader that asks for more must not be content with less, and must be bounded. */
function checkNeed(result: object | undefined, head: Uint8Array): boolean {
  if (result === undefined || !('need' in result)) return false;
  const { need } = result as NeedBytes;
  expect(need).toBeGreaterThan(head.length);
  expect(need).toBeLessThanOrEqual(MAX_PROGRAM_HEAD_BYTES);
  return true;
}

function checkMachO(bytes: Uint8Array): void {
  accepts(() => {
    const result = readMachO(bytes);
    if (checkNeed(result, bytes) || result === undefined || 'need' in result) return;
    // Nothing that the head says may lie inside the head, and the file cannot end before what is signed.
    const { signedBytes = Infinity, fileBytes = Infinity } = result;
    expect(signedBytes).toBeGreaterThanOrEqual(28);
    expect(fileBytes).toBeGreaterThanOrEqual(signedBytes);
  }, 'STAMP_MALFORMED');
}

function checkPe(bytes: Uint8Array): void {
  const result = readPeSection(bytes);
  checkNeed(result, bytes);
}

function checkElf(bytes: Uint8Array): void {
  const head = readElfHead(bytes);
  if (checkNeed(head, bytes) || head === undefined || 'need' in head) return;
  expect(head.headerCount).toBeLessThanOrEqual(MAX_ELF_SECTIONS);
  const watch = createElfWatch(head);
  const half = bytes.length >> 1;
  watch.update(bytes.subarray(0, half));
  watch.update(bytes.subarray(half));
  const place = watch.finish();
  if (place !== undefined) expect(Object.values(place).every((value) => Number(value) >= 0)).toBe(true);
}

function checkFormat(bytes: Uint8Array): void {
  const result = readFormat(bytes);
  if (!checkNeed(result, bytes) && 'format' in result)
    expect(result.format ?? 'pe-x64').toMatch(/^(elf|macho|pe)-\w+$/);
}

function checkAll(bytes: Uint8Array): void {
  checkMachO(bytes);
  checkPe(bytes);
  checkElf(bytes);
  checkFormat(bytes);
}

const readers: [name: string, samples: Uint8Array[], check: (bytes: Uint8Array) => void][] = [
  ['macho', machO, checkMachO],
  ['pe', pe, checkPe],
  ['elf', elf, checkElf],
  ['any', [...machO, ...pe, ...elf], checkFormat],
];

it.each(readers)('%s heads', (_name, samples, check) => {
  fc.assert(fc.property(bytesNear(...samples), check), { numRuns: FUZZ_RUNS });
});

it.each(readers)('%s heads with any number in any field', (_name, samples, check) => {
  const field = fc.record({
    at: fc.nat(400),
    size: fc.constantFrom(2, 4, 8),
    value: fc.oneof(fc.nat(300), fc.constantFrom(0xffff, 0x7fffffff, 0xffffffff), fc.nat(0xffffffff)),
    little: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.constantFrom(...samples), fc.array(field, { minLength: 1, maxLength: 3 }), (sample, fields) => {
      const bytes = sample.slice();
      const view = new DataView(bytes.buffer);
      for (const { at, size, value, little } of fields) {
        if (at + size > bytes.length) continue;
        if (size === 2) view.setUint16(at, value & 0xffff, little);
        else if (size === 4) view.setUint32(at, value, little);
        else view.setBigUint64(at, BigInt(value) << (value % 2 === 0 ? 0n : 32n), little);
      }
      check(bytes);
    }),
    { numRuns: FUZZ_RUNS },
  );
});

it.each(regressions('program-heads'))('regression %s', (_file, bytes) => {
  checkAll(bytes);
});
