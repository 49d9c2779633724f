/**
 * Small Mach-O programs for tests of code signatures: right in every field that is looked at. They do not run.
 *
 * @module
 */
import { asciiBytes, concatBytes } from '../../src/core/base/bytes.ts';
import { planCodeSignature, SIGNATURE_HEAD_BYTES } from '../../src/core/codesign/header.ts';
import {
  createSignatureWatch,
  renewPageHashes,
  type SignatureWatch,
  type WatchedSignature,
} from '../../src/core/codesign/watch.ts';
import { sha256 } from '../../src/core/crypto/hash.ts';
import { createPlaceholder } from '../../src/core/release/placeholder.ts';
import { parseAppVersion } from '../../src/core/statement/app-version.ts';

export interface MachOProgramOptions {
  /** Default `arm64`. */
  readonly arch?: 'arm64' | 'x64';
  /** Its stamp stands at {@link STAMP_AT}, unsigned. Default: no stamp. */
  readonly version?: string;
  /** Of the last segment, behind 16 KiB of text. Default 5001: an odd number. */
  readonly linkEditBytes?: number;
  /** Where the first bytes behind the load commands stand. Default 1024. */
  readonly firstSection?: number;
  /** Other numbers give other bytes. Default 0. */
  readonly seed?: number;
}

export const TEXT_BYTES = 16_384;
/** Of the anchor: the stamp lies across the edge of two pages of 4 KiB. */
export const STAMP_AT = 3500;

/** Without a code signature. */
export function machOProgram(options: MachOProgramOptions = {}): Uint8Array {
  const { arch = 'arm64', version, linkEditBytes = 5001, firstSection = 1024, seed = 0 } = options;
  const commands = concatBytes(
    segment64('__TEXT', { offset: 0, sizeBytes: TEXT_BYTES }, firstSection),
    segment64('__LINKEDIT', { offset: TEXT_BYTES, sizeBytes: linkEditBytes }),
  );
  const header = new Uint8Array(32);
  const view = new DataView(header.buffer);
  const fields = [0xfeedfacf, arch === 'arm64' ? 0x0100000c : 0x01000007, 0, 2, 2, commands.length];
  for (const [index, value] of fields.entries()) view.setUint32(index * 4, value, true);
  const file = pseudoRandom(`code${seed}`, TEXT_BYTES + linkEditBytes);
  file.fill(0, 0, firstSection);
  file.set(concatBytes(header, commands));
  if (version !== undefined) file.set(createPlaceholder(parseAppVersion(version)), STAMP_AT);
  return file;
}

/** SHA-256(seed || number as 8 bytes BE) for number 0, 1, and so on. */
export function pseudoRandom(seed: string, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  const number = new Uint8Array(8);
  for (let at = 0; at < sizeBytes; at += 32) {
    new DataView(number.buffer).setUint32(4, at / 32);
    bytes.set(sha256(asciiBytes(seed), number).subarray(0, sizeBytes - at), at);
  }
  return bytes;
}

/** With a new ad hoc signature, page hashes and all. */
export function signedAdHoc(program: Uint8Array, identifier = 'sample'): Uint8Array {
  const head = program.subarray(0, SIGNATURE_HEAD_BYTES);
  const plan = planCodeSignature({ head, fileBytes: program.length, identifier });
  const file = new Uint8Array(plan.codeBytes + plan.signature.length);
  file.set(program.subarray(0, plan.codeBytes));
  file.set(plan.head);
  file.set(plan.signature, plan.codeBytes);
  return withPageHashes(file);
}

/** A copy whose page hashes are right. */
export function withPageHashes(program: Uint8Array): Uint8Array {
  const file = program.slice();
  const hashes = renewPageHashes(watched(file));
  if (hashes !== undefined) file.set(hashes.bytes, hashes.offset);
  return file;
}

export function watched(file: Uint8Array, pieceBytes: number = file.length): WatchedSignature | undefined {
  return shown(createSignatureWatch(), file, pieceBytes).finish();
}

export function shown(watch: SignatureWatch, file: Uint8Array, pieceBytes: number = file.length): SignatureWatch {
  for (let at = 0; at < file.length; at += pieceBytes) watch.update(file.slice(at, at + pieceBytes));
  return watch;
}

/** A copy with some 32-bit numbers changed; `little` for the head, otherwise as signatures have them. */
export function edited(bytes: Uint8Array, edits: readonly (readonly [at: number, value: number])[]): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (const [at, value] of edits) view.setUint32(at, value);
  return copy;
}

interface Extent {
  readonly offset: number;
  readonly sizeBytes: number;
}

/** LC_SEGMENT_64, with one section up to its end where `section` says where that begins. */
function segment64(name: string, { offset, sizeBytes }: Extent, section?: number): Uint8Array {
  const bytes = new Uint8Array(section === undefined ? 72 : 152);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x19, true);
  view.setUint32(4, bytes.length, true);
  bytes.set(asciiBytes(name), 8);
  for (const [at, value] of [
    [24, 2 ** 32 + offset],
    [32, Math.ceil(sizeBytes / 16_384) * 16_384],
    [40, offset],
    [48, sizeBytes],
  ] as const) {
    view.setBigUint64(at, BigInt(value), true);
  }
  if (section === undefined) return bytes;
  view.setUint32(64, 1, true);
  bytes.set(asciiBytes('__text'), 72);
  bytes.set(asciiBytes(name), 88);
  view.setBigUint64(72 + 40, BigInt(sizeBytes - section), true);
  view.setUint32(72 + 48, section, true);
  return bytes;
}
