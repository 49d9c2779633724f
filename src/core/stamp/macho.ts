/**
 * The head of a Mach-O file: how far the owner's signature reaches, and where a section for the region is.
 * Spec: docs/spec/02-stamp.md.
 *
 * offset  size  field (32-bit / 64-bit; byte order by the magic)
 *      0     4  magic            feedface / feedfacf; cafebabe, cafebabf: several programs in one file, refused
 *     16     4  ncmds            number of load commands
 *     20     4  sizeofcmds       their length together
 *  28/32        load commands, one after the other:
 *      0     4  cmd              1: LC_SEGMENT, 0x19: LC_SEGMENT_64, 0x1d: LC_CODE_SIGNATURE
 *      4     4  cmdsize          length with these eight bytes, a multiple of 4
 *      8     4  dataoff          LC_CODE_SIGNATURE: where Apple's code signature begins
 *     12     4  datasize         LC_CODE_SIGNATURE: its length
 *
 * Apple's signature is made after the owner's and covers the region; so it can be part neither of hash nor of size. It must
 * reach to the end of the file: nothing else may hide behind the signed bytes. Does not check Apple's signature.
 *
 * @module
 */
import { PeerpatchError } from '../base/errors.ts';
import { MAX_PROGRAM_HEAD_BYTES } from '../base/limits.ts';
import type { NeedBytes } from './head.ts';
import { sectionName, type SectionPlace } from './section.ts';

/** What the head of a file says. */
export interface MachO {
  /** Bytes in front of Apple's signature; undefined without one. */
  readonly signedBytes: number | undefined;
  /** Bytes of the whole file as its head states it; undefined without Apple's signature. */
  readonly fileBytes: number | undefined;
  readonly section: SectionPlace | undefined;
}

const THIN_MAGICS: ReadonlySet<number> = new Set([0xfeedface, 0xfeedfacf]);
const FAT_MAGICS: ReadonlySet<number> = new Set([0xcafebabe, 0xcafebabf]);
const LC_SEGMENT = 0x1;
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;

/**
 * Reads the first bytes of any file.
 *
 * @returns undefined when they are not those of a Mach-O file
 * @throws PeerpatchError STAMP_MALFORMED for several programs in one file, and for load commands that contradict each other
 */
export function readMachO(head: Uint8Array): MachO | NeedBytes | undefined {
  if (head.length < 4) return { need: 4 };
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (FAT_MAGICS.has(view.getUint32(0)) || FAT_MAGICS.has(view.getUint32(0, true))) {
    throw malformed('it holds programs for several processors; build, sign and ship one file for each');
  }
  const little = THIN_MAGICS.has(view.getUint32(0, true));
  if (!little && !THIN_MAGICS.has(view.getUint32(0))) return undefined;
  const headerBytes = view.getUint32(0, little) === 0xfeedfacf ? 32 : 28;
  if (head.length < headerBytes) return { need: headerBytes };
  const end = headerBytes + view.getUint32(20, little);
  if (end > MAX_PROGRAM_HEAD_BYTES) throw malformed('its load commands are longer than those of any program');
  if (head.length < end) return { need: end };

  const count = view.getUint32(16, little);
  let [at, signature, section] = [headerBytes, undefined as CodeSignature | undefined, undefined as MachO['section']];
  for (let index = 0; index < count; index++) {
    if (at + 8 > end) throw malformed('its load commands end too early');
    const [kind, size] = [view.getUint32(at, little), view.getUint32(at + 4, little)];
    if (size < 8 || size % 4 !== 0 || at + size > end) throw malformed('a load command has an impossible length');
    const command = new DataView(head.buffer, head.byteOffset + at, size);
    if (kind === LC_CODE_SIGNATURE) {
      if (signature !== undefined) throw malformed('it has two code signatures');
      signature = readCodeSignature(command, little);
      if (signature.offset < end) throw malformed('its code signature begins inside the load commands');
    } else if (kind === LC_SEGMENT || kind === LC_SEGMENT_64) {
      section ??= findSection(command, kind === LC_SEGMENT_64, little);
    }
    at += size;
  }
  if (at !== end) throw malformed('its load commands do not fill their space');
  return {
    signedBytes: signature?.offset,
    fileBytes: signature && signature.offset + signature.sizeBytes,
    section,
  };
}

interface CodeSignature {
  readonly offset: number;
  readonly sizeBytes: number;
}

function readCodeSignature(command: DataView, little: boolean): CodeSignature {
  if (command.byteLength !== 16) throw malformed('its code signature command has an impossible length');
  return { offset: command.getUint32(8, little), sizeBytes: command.getUint32(12, little) };
}

/** `__DATA,__embsig` in a segment command, whose 56 or 72 bytes are followed by sections of 68 or 80. */
function findSection(command: DataView, wide: boolean, little: boolean): SectionPlace | undefined {
  const [headBytes, sectionBytes] = wide ? [72, 80] : [56, 68];
  if (command.byteLength < headBytes) throw malformed('a segment has an impossible length');
  const count = command.getUint32(headBytes - 8, little);
  if (command.byteLength !== headBytes + count * sectionBytes) throw malformed('a segment has an impossible length');
  for (let at = headBytes; at < command.byteLength; at += sectionBytes) {
    if (sectionName(command, at, 16) !== '__embsig' || sectionName(command, at + 16, 16) !== '__DATA') continue;
    const sizeBytes = wide ? Number(command.getBigUint64(at + 40, little)) : command.getUint32(at + 36, little);
    return { offset: command.getUint32(at + (wide ? 48 : 40), little), sizeBytes };
  }
  return undefined;
}

function malformed(reason: string): PeerpatchError {
  return new PeerpatchError('STAMP_MALFORMED', `the Mach-O program cannot be signed or verified: ${reason}`);
}
