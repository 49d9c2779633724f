/**
 * Bytes for tests of stamp and release: the worked example, and the smallest heads of each program format.
 *
 * The heads name a section for the region where asked to; what they describe does not run.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { asciiBytes, concatBytes } from '../../src/core/base/bytes.ts';
import { isPeerpatchError, type ErrorCode } from '../../src/core/base/errors.ts';
import { fromHex } from '../../src/core/base/hex.ts';
import { ownerKeyFromSeed, type OwnerKey } from '../../src/core/keys/owner-key.ts';
import { encodeUnsignedRegion } from '../../src/core/release/region.ts';
import { parseVersion } from '../../src/core/release/version.ts';
import { createMeasure, type StampedDigest } from '../../src/core/stamp/measure.ts';

/** The parts of test/vectors/v0.json about keys, stamp and release. */
export const V0 = JSON.parse(readFileSync(new URL('../vectors/v0.json', import.meta.url), 'utf8')) as {
  readonly owner: Readonly<Record<'seed' | 'keyFile' | 'publicKey' | 'publicKeyText', string>>;
  readonly node: Readonly<Record<'seed' | 'id' | 'idText', string>>;
  readonly stamp: Readonly<
    Record<'version' | 'signedBytes' | 'bound' | 'hash' | 'message' | 'signature' | 'region', string>
  > &
    Readonly<Record<'signedLength' | 'regionOffset' | 'boundLength' | 'regionLength' | 'fileLength', number>>;
  readonly patch: { readonly info: string; readonly infoLength: number };
};

export const OWNER: OwnerKey = ownerKeyFromSeed(fromHex(V0.owner.seed));

/** The worked example as a file: 20 bytes, the signed region, 20 bytes. */
export const V0_FILE: Uint8Array = insert(
  fromHex(V0.stamp.signedBytes),
  fromHex(V0.stamp.region),
  V0.stamp.regionOffset,
);

export const UNSIGNED: Uint8Array = encodeUnsignedRegion(parseVersion('1.2.3'));

/** The matcher for a failure with `code`. */
export function failure(code: ErrorCode): object {
  return {
    asymmetricMatch: (error: unknown) => isPeerpatchError(error, code),
    toString: () => `PeerpatchError ${code}`,
  };
}

export function insert(bytes: Uint8Array, inserted: Uint8Array, offset: number): Uint8Array {
  return concatBytes(bytes.subarray(0, offset), inserted, bytes.subarray(offset));
}

/** Measures `file` given in pieces of `pieceBytes`. */
export function measureFile(file: Uint8Array, pieceBytes: number = Math.max(file.length, 1)): StampedDigest {
  const measure = createMeasure();
  for (let at = 0; at < file.length; at += pieceBytes) measure.update(file.slice(at, at + pieceBytes));
  return measure.finish();
}

/** `length` bytes without any marker. */
export function filler(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 7) * seed + seed) & 0x7f);
}

export interface ElfOptions {
  /** Default 64. */
  readonly bits?: 32 | 64;
  /** Default true. */
  readonly little?: boolean;
  /** Default `.embsig`. */
  readonly name?: string;
  /** Where the file has the region; it is not in the bytes. Default 300. */
  readonly regionOffset?: number;
  /** What the section header says. Default: the truth. */
  readonly statedOffset?: number;
  readonly statedBytes?: number;
  /** Whether the section headers stand in front of the region. Default false. */
  readonly headersFirst?: boolean;
}

/** An ELF file without its region, whose headers count as if it were there. */
export function elfWithoutRegion(options: ElfOptions = {}): Uint8Array {
  const { bits = 64, little = true, name = '.embsig', regionOffset = 300, headersFirst = false } = options;
  const { statedOffset = regionOffset, statedBytes = 176 } = options;
  const wide = bits === 64;
  const bytes = filler(2000);
  const view = new DataView(bytes.buffer);
  const word = (at: number, value: number): void => {
    if (wide) view.setBigUint64(at, BigInt(value), little);
    else view.setUint32(at, value, little);
  };
  /** The place in these bytes of an offset in the complete file. */
  const here = (offset: number): number => (offset < regionOffset ? offset : offset - 176);
  const [namesAt, headersAt] = headersFirst ? [regionOffset - 40, regionOffset - 36 - 4 * 64] : [1000, 1200];
  const headerBytes = wide ? 64 : 40;

  bytes.fill(0, 0, 64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, little ? 1 : 2]);
  word(wide ? 40 : 32, headersAt);
  view.setUint16(wide ? 58 : 46, headerBytes, little);
  view.setUint16(wide ? 60 : 48, 3, little);
  view.setUint16(wide ? 62 : 50, 2, little);
  bytes.set(asciiBytes(`\0${name}\0`), here(namesAt));
  const header = (index: number, nameAt: number, offset: number, sizeBytes: number): void => {
    const at = here(headersAt) + index * headerBytes;
    bytes.fill(0, at, at + headerBytes);
    view.setUint32(at, nameAt, little);
    word(at + (wide ? 24 : 16), offset);
    word(at + (wide ? 32 : 20), sizeBytes);
  };
  header(0, 0, 0, 0);
  header(1, 1, statedOffset, statedBytes);
  header(2, 0, namesAt, 30);
  return bytes;
}

export interface MachOOptions {
  /** Default 64. */
  readonly bits?: 32 | 64;
  /** Default true. */
  readonly little?: boolean;
  /** Default: no code signature. */
  readonly codeSignature?: { readonly offset: number; readonly sizeBytes: number };
  /** Default: no section. */
  readonly section?: { readonly offset: number; readonly sizeBytes: number };
  /** Load commands put behind the others. */
  readonly more?: readonly Uint8Array[];
}

/** The head of a Mach-O file: header and load commands. */
export function machOHead({
  bits = 64,
  little = true,
  codeSignature,
  section,
  more = [],
}: MachOOptions = {}): Uint8Array {
  const wide = bits === 64;
  const commands = [...more];
  if (codeSignature) commands.unshift(loadCommand(0x1d, little, [codeSignature.offset, codeSignature.sizeBytes]));
  if (section) commands.unshift(segment(wide, little, section));
  const body = concatBytes(...commands);
  const header = new Uint8Array(wide ? 32 : 28);
  const view = new DataView(header.buffer);
  view.setUint32(0, wide ? 0xfeedfacf : 0xfeedface, little);
  view.setUint32(16, commands.length, little);
  view.setUint32(20, body.length, little);
  return concatBytes(header, body);
}

export function loadCommand(kind: number, little: boolean, words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(8 + words.length * 4);
  const view = new DataView(bytes.buffer);
  [kind, bytes.length, ...words].forEach((word, index) => {
    view.setUint32(index * 4, word, little);
  });
  return bytes;
}

function segment(
  wide: boolean,
  little: boolean,
  { offset, sizeBytes }: { offset: number; sizeBytes: number },
): Uint8Array {
  const [headBytes, sectionBytes] = wide ? [72, 80] : [56, 68];
  const bytes = new Uint8Array(headBytes + 2 * sectionBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, wide ? 0x19 : 1, little);
  view.setUint32(4, bytes.length, little);
  view.setUint32(headBytes - 8, 2, little);
  bytes.set(asciiBytes('__data'), headBytes);
  bytes.set(asciiBytes('__DATA'), headBytes + 16);
  const at = headBytes + sectionBytes;
  bytes.set(asciiBytes('__embsig'), at);
  bytes.set(asciiBytes('__DATA'), at + 16);
  if (wide) view.setBigUint64(at + 40, BigInt(sizeBytes), little);
  else view.setUint32(at + 36, sizeBytes, little);
  view.setUint32(at + (wide ? 48 : 40), offset, little);
  return bytes;
}

/** The head of a PE file with the sections `.text` and `.embsig`. */
export function peHead(section: { readonly offset: number; readonly sizeBytes: number }): Uint8Array {
  const bytes = new Uint8Array(512);
  const view = new DataView(bytes.buffer);
  bytes.set(asciiBytes('MZ'));
  view.setUint32(60, 128, true);
  bytes.set(asciiBytes('PE'), 128);
  view.setUint16(128 + 6, 2, true);
  view.setUint16(128 + 20, 96, true);
  bytes.set(asciiBytes('.text'), 248);
  bytes.set(asciiBytes('.embsig'), 288);
  view.setUint32(288 + 8, section.sizeBytes, true);
  view.setUint32(288 + 16, 512, true); // room in the file: rounded up
  view.setUint32(288 + 20, section.offset, true);
  return bytes;
}
