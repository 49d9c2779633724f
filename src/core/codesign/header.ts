/**
 * Makes room for a new code signature at the end of a Mach-O program: what its load commands must say then. Spec:
 * docs/spec/18-code-signature.md.
 *
 * offset  size  field of a load command, all little-endian
 *      0     4  cmd      0x19: LC_SEGMENT_64, 0x1d: LC_CODE_SIGNATURE
 *      4     4  cmdsize
 * LC_SEGMENT_64:
 *      8    16  name
 *     32     8  vmsize
 *     40     8  fileoff
 *     48     8  filesize
 *     64     4  nsects; sections of 80 bytes follow from 72 on, each with its size at 40 and its offset in the file at 48
 * LC_CODE_SIGNATURE:
 *      8     4  dataoff
 *     12     4  datasize
 *
 * The segment __LINKEDIT is the last one and must reach to the end of the signature. A file without the command gets it in
 * the padding between its load commands and its first section.
 *
 * @module
 */
import { MAX_PROGRAM_HEAD_BYTES } from '../base/limits.ts';
import { readMachO } from '../stamp/macho.ts';
import { sectionName } from '../stamp/section.ts';
import { invalidSignature } from './directory.ts';
import { encodeCodeSignature } from './signature.ts';

export interface SignaturePlan {
  /** What the file must begin with. */
  readonly head: Uint8Array;
  /** Where the signature begins: the file is cut or filled with zeros up to here. */
  readonly codeBytes: number;
  /** What stands there, to the end of the file; its page hashes are zero. */
  readonly signature: Uint8Array;
}

export interface PlanOptions {
  /** The first {@link SIGNATURE_HEAD_BYTES} of the file, or all of it when it is shorter. */
  readonly head: Uint8Array;
  readonly fileBytes: number;
  /** What the program calls itself: 1 to 200 visible ASCII characters. */
  readonly identifier: string;
}

/** Load commands, and room for one more. */
export const SIGNATURE_HEAD_BYTES: number = MAX_PROGRAM_HEAD_BYTES + 16;

const HEADER_BYTES = 32;
const COMMAND_BYTES = 16;
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;
const ARM64 = 0x0100000c;
const ALIGNMENT = 16;

interface Commands {
  readonly end: number;
  /** Offsets of the commands in the head. */
  readonly text: number;
  readonly linkEdit: number;
  readonly signature: number | undefined;
  /** Where the first bytes behind the padding stand. */
  readonly firstSection: number;
}

/**
 * A signature that is there is replaced, whoever made it.
 *
 * @throws PeerpatchError STAMP_MALFORMED for a damaged head, CODE_SIGNATURE_INVALID for a file that cannot be signed
 */
export function planCodeSignature({ head: original, fileBytes, identifier }: PlanOptions): SignaturePlan {
  const head = original.slice();
  const view = new DataView(head.buffer);
  if (head.length < HEADER_BYTES || view.getUint32(0, true) !== 0xfeedfacf)
    throw invalidSignature('only 64-bit Mach-O programs can be given one');
  const found = readMachO(head);
  if (found === undefined || 'need' in found) throw invalidSignature('the file ends inside its load commands');
  if ((found.fileBytes ?? fileBytes) !== fileBytes) throw invalidSignature('it does not end with the file');
  const commands = findCommands(view);
  const { text, linkEdit } = commands;
  const linkEditAt = Number(view.getBigUint64(linkEdit + 40, true));
  const linkEditEnd = linkEditAt + Number(view.getBigUint64(linkEdit + 48, true));
  if (linkEditEnd !== fileBytes) throw invalidSignature('the segment __LINKEDIT does not end with the file');
  const codeBytes = found.signedBytes ?? aligned(fileBytes, ALIGNMENT);
  if (codeBytes % ALIGNMENT !== 0 || codeBytes <= linkEditAt) throw invalidSignature('it begins at an odd place');
  if (view.getBigUint64(text + 40, true) !== 0n)
    throw invalidSignature('the segment __TEXT does not begin with the file');

  const textBytes = Number(view.getBigUint64(text + 48, true));
  const signature = encodeCodeSignature({ identifier, codeBytes, textBytes });
  const command = commands.signature ?? addCommand(head, commands);
  view.setUint32(command + 8, codeBytes, true);
  view.setUint32(command + 12, signature.length, true);
  const linkEditBytes = codeBytes + signature.length - linkEditAt;
  const pageBytes = view.getUint32(4, true) === ARM64 ? 16_384 : 4096;
  view.setBigUint64(linkEdit + 32, BigInt(aligned(linkEditBytes, pageBytes)), true);
  view.setBigUint64(linkEdit + 48, BigInt(linkEditBytes), true);
  return { head: head.subarray(0, codeBytes), codeBytes, signature };
}

/** The commands were checked by `readMachO`. */
function findCommands(view: DataView): Commands {
  const end = HEADER_BYTES + view.getUint32(20, true);
  const segments = new Map<string, number>();
  let signature: number | undefined;
  let firstSection = Infinity;
  for (let at = HEADER_BYTES; at < end; at += view.getUint32(at + 4, true)) {
    const kind = view.getUint32(at, true);
    if (kind === LC_CODE_SIGNATURE) signature = at;
    if (kind !== LC_SEGMENT_64) continue;
    segments.set(sectionName(view, at + 8, 16), at);
    for (let index = 0, section = at + 72; index < view.getUint32(at + 64, true); index++, section += 80) {
      const offset = view.getUint32(section + 48, true);
      // Sections that are zero at start have no place in the file.
      if (offset > 0 && view.getBigUint64(section + 40, true) > 0n) firstSection = Math.min(firstSection, offset);
    }
  }
  const [text, linkEdit] = [segments.get('__TEXT'), segments.get('__LINKEDIT')];
  if (text === undefined || linkEdit === undefined) throw invalidSignature('it is no program: segments are missing');
  return { end, text, linkEdit, signature, firstSection };
}

/** @returns its offset in the head */
function addCommand(head: Uint8Array, { end, firstSection }: Commands): number {
  const room = head.subarray(end, end + COMMAND_BYTES);
  if (end + COMMAND_BYTES > Math.min(firstSection, head.length) || room.some((byte) => byte !== 0))
    throw invalidSignature('there is no room for it behind the load commands; link with -headerpad 0x100');
  const view = new DataView(head.buffer);
  view.setUint32(16, view.getUint32(16, true) + 1, true);
  view.setUint32(20, view.getUint32(20, true) + COMMAND_BYTES, true);
  view.setUint32(end, LC_CODE_SIGNATURE, true);
  view.setUint32(end + 4, COMMAND_BYTES, true);
  return end;
}

function aligned(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

/** `@scope/app` becomes `scope.app`: what may stand in a signature without asking for trouble. */
export function signatureIdentifier(name: string): string {
  const text = name.replace(/^@/, '').replace(/[^A-Za-z0-9.-]+/g, '.');
  return text.slice(0, 200) || 'program';
}
