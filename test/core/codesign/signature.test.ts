import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { encodeCodeDirectory } from '../../../src/core/codesign/directory.ts';
import {
  decodeCodeSignature,
  encodeCodeSignature,
  isRenewable,
  readSignatureHead,
} from '../../../src/core/codesign/signature.ts';
import { sha256 } from '../../../src/core/crypto/hash.ts';
import { hexdump } from '../../support/hexdump.ts';
import { edited } from '../../support/macho-samples.ts';
import { failure } from '../../support/stamp-samples.ts';

const NEW = { identifier: 'demo', codeBytes: 4112, textBytes: 1024 };
const DIRECTORY = encodeCodeDirectory(NEW);
const GOLDEN = concatBytes(
  hexdump(`
  fade0cc0          # magic
  000000b1          # length: 177
  00000001          # one part
  00000000 00000014 # slot 0 at 20
`),
  DIRECTORY,
  new Uint8Array(15), // up to a multiple of 16
);

/** A part behind magic and length. */
function part(magic: number, content: Uint8Array): Uint8Array {
  return edited(concatBytes(new Uint8Array(8), content), [
    [0, magic],
    [4, content.length + 8],
  ]);
}

/** Parts one behind the other, `gap` bytes behind the index. */
function signature(parts: readonly (readonly [slot: number, bytes: Uint8Array])[], gap = 0): Uint8Array {
  let at = 12 + 8 * parts.length + gap;
  const index = parts.map(([slot, bytes]) => {
    const entry = edited(new Uint8Array(8), [
      [0, slot],
      [4, at],
    ]);
    at += bytes.length;
    return entry;
  });
  const head = edited(new Uint8Array(12), [
    [0, 0xfade0cc0],
    [4, at],
    [8, parts.length],
  ]);
  return concatBytes(head, ...index, new Uint8Array(gap), ...parts.map(([, bytes]) => bytes));
}

const REQUIREMENTS = part(0xfade0c01, new Uint8Array(4));
const ENTITLEMENTS = part(0xfade7171, hexdump('3c706c6973742f3e'));
const EMPTY_CERTIFICATE = part(0xfade0b01, new Uint8Array());

/** The golden directory with special slots for parts 2 and 5, and other flags. */
function directoryFor(flags: number): Uint8Array {
  const slots = [ENTITLEMENTS, new Uint8Array(), new Uint8Array(), REQUIREMENTS, new Uint8Array()];
  const special = concatBytes(...slots.map((bytes) => (bytes.length === 0 ? new Uint8Array(32) : sha256(bytes))));
  const bytes = concatBytes(DIRECTORY.subarray(0, 93), special, DIRECTORY.subarray(93));
  return edited(bytes, [
    [4, bytes.length],
    [12, flags],
    [16, 93 + special.length],
    [24, 5],
  ]);
}
const FULL = signature([
  [0, directoryFor(2)],
  [2, REQUIREMENTS],
  [5, ENTITLEMENTS],
  [0x10000, EMPTY_CERTIFICATE],
]);
const CERTIFIED = signature([
  [0, directoryFor(0x10000)],
  [2, REQUIREMENTS],
  [5, ENTITLEMENTS],
  [0x10000, part(0xfade0b01, new Uint8Array(9))],
]);

describe('code signature', () => {
  it('is written with the code directory alone', () => {
    expect(encodeCodeSignature(NEW)).toEqual(GOLDEN);
    expect(GOLDEN.length % 16).toBe(0);
  });

  it('is read back, whole or up to its hashes', () => {
    const head = { identifier: 'demo', isAdHoc: true, slots: [0], hashesAt: 113, pageCount: 2 };
    expect(decodeCodeSignature(GOLDEN, 4112)).toMatchObject(head);
    expect(readSignatureHead(GOLDEN.slice(0, 113), 4112)).toEqual(decodeCodeSignature(GOLDEN, 4112));
  });

  it('asks for what it needs up to its hashes, and for no more', () => {
    const needs = [0, 12, 20, 64].map((length) => readSignatureHead(GOLDEN.slice(0, length), 4112));
    expect(needs).toEqual([{ need: 12 }, { need: 20 }, { need: 64 }, { need: 113 }]);
  });

  it('can be made anew when it is ad hoc, whatever it carries', () => {
    expect(isRenewable(decodeCodeSignature(FULL, 4112))).toBe(true);
    expect(decodeCodeSignature(FULL, 4112)).toMatchObject({ slots: [0, 2, 5, 0x10000], specialSlots: 5 });
  });

  it('belongs to whoever has the certificate otherwise', () => {
    expect(isRenewable(decodeCodeSignature(CERTIFIED, 4112))).toBe(false);
  });

  it('is not made anew where the pages are hashed in two ways', () => {
    const twice = signature([
      [0, DIRECTORY],
      [0x1000, DIRECTORY],
    ]);
    expect(isRenewable(decodeCodeSignature(twice, 4112))).toBe(false);
  });

  it('may have its code directory aligned, as some linkers do', () => {
    expect(decodeCodeSignature(signature([[0, DIRECTORY]], 4), 4112)).toMatchObject({ hashesAt: 117 });
  });

  const changedEntitlements = FULL.slice();
  changedEntitlements[FULL.length - 9] = 0x21;
  const malformed: [name: string, bytes: Uint8Array][] = [
    ['nothing', new Uint8Array()],
    ['cut off in its index', GOLDEN.slice(0, 19)],
    ['cut off in its hashes', GOLDEN.slice(0, 176)],
    ['another magic', GOLDEN.with(3, 0xc1)],
    ['no parts', edited(GOLDEN, [[8, 0]])],
    ['more parts than any', edited(GOLDEN, [[8, 17]])],
    ['a part inside the index', edited(GOLDEN, [[16, 19]])],
    ['a part behind the end', edited(GOLDEN, [[16, 170]])],
    ['a code directory that is not first', signature([[2, REQUIREMENTS]])],
    ['a code directory far behind the index', signature([[0, DIRECTORY]], 17)],
    ['a length below its parts', edited(GOLDEN, [[4, 176]])],
    ['a code directory longer than its part', edited(GOLDEN, [[24, 158]])],
    ['a part without its length', edited(FULL, [[FULL.length - 4, 7]])],
    ['a part longer than its place', edited(FULL, [[FULL.length - 4, 9]])],
    ['two parts of one slot', signature([[0, DIRECTORY], [2, REQUIREMENTS], [2, REQUIREMENTS]])], // prettier-ignore
    ['entitlements that were changed', changedEntitlements],
    ['a part without a special slot', signature([[0, DIRECTORY], [2, REQUIREMENTS]])], // prettier-ignore
    ['a certificate in an ad hoc one', signature([[0, DIRECTORY], [0x10000, part(0xfade0b01, new Uint8Array(1))]])], // prettier-ignore
  ];
  it.each(malformed)('CODE_SIGNATURE_INVALID: %s', (_name, bytes) => {
    expect(() => decodeCodeSignature(bytes, 4112)).toThrow(failure('CODE_SIGNATURE_INVALID'));
  });
});
