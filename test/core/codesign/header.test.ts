import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { planCodeSignature, type SignaturePlan } from '../../../src/core/codesign/header.ts';
import { readMachO } from '../../../src/core/stamp/macho.ts';
import { machOProgram, signedAdHoc, TEXT_BYTES, watched } from '../../support/macho-samples.ts';
import { failure, machOHead } from '../../support/stamp-samples.ts';

function plan(file: Uint8Array, identifier = 'demo'): SignaturePlan {
  return planCodeSignature({ head: file.subarray(0, 262_160), fileBytes: file.length, identifier });
}

/** Of 8 bytes. */
function field(head: Uint8Array, at: number): number {
  return Number(new DataView(head.buffer, head.byteOffset).getBigUint64(at, true));
}

/** Commands of a sample: __TEXT with one section, __LINKEDIT, LC_CODE_SIGNATURE. */
const [TEXT_AT, LINKEDIT_AT, SIGNATURE_COMMAND_AT] = [32, 184, 256];

describe('making room for a code signature', () => {
  it('puts the command behind the others, and the signature at a multiple of 16', () => {
    const program = machOProgram();
    const { head, codeBytes, signature } = plan(program);
    expect(codeBytes).toBe(21_392);
    expect(head).toHaveLength(program.length); // short of the padding
    expect(readMachO(head)).toMatchObject({ signedBytes: 21_392, fileBytes: 21_392 + signature.length });
    expect(new Uint32Array(head.slice(SIGNATURE_COMMAND_AT, SIGNATURE_COMMAND_AT + 16).buffer)).toEqual(
      Uint32Array.of(0x1d, 16, 21_392, signature.length),
    );
    expect(head[16]).toBe(3);
  });

  it('makes the last segment reach to the end, in memory in whole pages of the system', () => {
    for (const [arch, pageBytes] of [
      ['arm64', 16_384],
      ['x64', 4096],
    ] as const) {
      const { head, codeBytes, signature } = plan(machOProgram({ arch, linkEditBytes: 16_300 }));
      const bytes = codeBytes + signature.length - TEXT_BYTES;
      expect(field(head, LINKEDIT_AT + 48)).toBe(bytes);
      expect(field(head, LINKEDIT_AT + 32)).toBe(Math.ceil(bytes / pageBytes) * pageBytes);
    }
  });

  it('changes nothing else', () => {
    const program = machOProgram();
    const { head } = plan(program);
    const changed = [...head.keys()].filter((at) => head[at] !== program[at]);
    const places = [[16, 24], [LINKEDIT_AT + 32, LINKEDIT_AT + 56], [SIGNATURE_COMMAND_AT, SIGNATURE_COMMAND_AT + 16]]; // prettier-ignore
    for (const at of changed) expect(places.some(([from = 0, to = 0]) => at >= from && at < to)).toBe(true);
  });

  it('names program and text in the signature', () => {
    const found = watched(signedAdHoc(machOProgram(), 'com.example.demo'));
    expect(found).toMatchObject({ identifier: 'com.example.demo', flags: 0x20002, pageBytes: 4096, slots: [0] });
  });

  it('replaces one that is there, in the same place', () => {
    const once = signedAdHoc(machOProgram(), 'first');
    expect(signedAdHoc(once, 'first')).toEqual(once);
    const twice = signedAdHoc(once, 'another-name');
    expect(watched(twice)).toMatchObject({ offset: 21_392, identifier: 'another-name', wrongPages: [] });
    expect(signedAdHoc(twice, 'first')).toEqual(once);
  });

  it('needs exactly 16 bytes of room', () => {
    expect(plan(machOProgram({ firstSection: 272 })).codeBytes).toBe(21_392);
    expect(() => plan(machOProgram({ firstSection: 271 }))).toThrow(/no room/);
  });

  const program = machOProgram();
  const occupied = program.with(SIGNATURE_COMMAND_AT + 3, 1);
  const signed = signedAdHoc(program);
  it.each([
    ['padding that is in use', occupied],
    ['a program of 32 bit', machOHead({ bits: 32 })],
    ['a big-endian program', machOHead({ little: false })],
    ['no program at all', new Uint8Array(100)],
    ['an empty file', new Uint8Array()],
    ['no segments', machOHead()],
    ['load commands that are cut off', program.slice(0, 200)],
    ['bytes behind the last segment', concatBytes(program, new Uint8Array(1))],
    ['a file that ends inside the last segment', program.slice(0, -1)],
    ['bytes behind the signature', concatBytes(signed, new Uint8Array(1))],
    ['text that does not begin with the file', program.with(TEXT_AT + 40, 16)],
  ])('CODE_SIGNATURE_INVALID: %s', (_name, file) => {
    expect(() => plan(file)).toThrow(failure('CODE_SIGNATURE_INVALID'));
  });
});
