/**
 * The answer of a serving peer: the release, then the whole program file. Spec: docs/spec/09-transfer.md.
 *
 * offset   size  field
 *      0      1  status       0 = refused and nothing follows; we send 1 and take any other value for yes
 *      1      8  length       u64 BE, bytes of all that follows
 *      9  r      release      tuple or prefixed form, see release/release-encoding.ts
 *    9+r  1..5   file length  postcard varint
 *      .  n      file         the program as it stands on disk, region included
 *
 * The client knows the release before it asks, so it knows every byte up to the file and how long the file may be. The
 * decoder stops at the first byte that is not so and never holds more than the head.
 *
 * @module
 */
import { concatBytes, equalBytes, u64be } from '../base/bytes.ts';
import { isPeerpatchError, PeerpatchError } from '../base/errors.ts';
import { MACHO_TAIL_FLOOR_BYTES, MAX_MACHO_TAIL_SHARE } from '../base/limits.ts';
import { createPostcardReader, encodeU64 } from '../base/postcard.ts';
import { decodeReleasePrefix, encodeRelease, type SignatureForm } from '../release/release-encoding.ts';
import type { Release } from '../release/release.ts';
import { compareVersions, formatVersion } from '../release/version.ts';
import { REGION_BYTES } from '../stamp/region.ts';

export const STATUS_REFUSED = 0;
const STATUS_ACCEPTED = 1;
/** Status and length. */
const PREFIX_BYTES = 9;
/** Enough of the file to know whether it is a Mach-O file. */
const MAGIC_BYTES = 4;
/** Thin Mach-O, 32 and 64 bit, in either byte order: the only files with bytes the owner did not sign. */
const MACHO_MAGICS: ReadonlySet<number> = new Set([0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe]);

/** Everything in front of the file. @param fileBytes length of the file that follows */
export function encodeFrameHead(release: Release, fileBytes: number): Uint8Array {
  const head = concatBytes(encodeRelease(release), encodeU64(fileBytes));
  return concatBytes(Uint8Array.of(STATUS_ACCEPTED), u64be(head.length + fileBytes), head);
}

/** Length of a file of this release: exact, but for a Mach-O file's code signature, which the owner does not sign. */
export function fileLengthBounds(release: Release): { readonly min: number; readonly max: number } {
  const min = release.sizeBytes + REGION_BYTES;
  return { min, max: min + Math.floor(release.sizeBytes * MAX_MACHO_TAIL_SHARE) + MACHO_TAIL_FLOOR_BYTES };
}

/** Takes a frame apart as it arrives. Every method throws PEER_MISBEHAVED at the first deviation; the frame ends there. */
export interface FrameDecoder {
  /** Length of the file, once the head was read. */
  readonly fileBytes: number | undefined;
  /** How many more bytes may be asked for: 0 at the end of the frame. More of them are a deviation. */
  readonly wantedBytes: number;
  /**
   * Takes the next bytes and returns those that belong to the file: a view, often empty at the start.
   *
   * @throws PeerpatchError PEER_MISBEHAVED, PEER_REFUSED
   */
  update(bytes: Uint8Array): Uint8Array;
  /** The peer ended its stream. @throws PeerpatchError PEER_MISBEHAVED when the frame is not complete */
  end(): void;
}

/** @param expected the release that was announced, already verified */
export function createFrameDecoder(expected: Release): FrameDecoder {
  // The longest head, and the magic behind it. A file has at least the 176 bytes of its region, so this much always comes.
  const headBytes = PREFIX_BYTES + encodeRelease(expected).length + 1 + 5 + MAGIC_BYTES;
  let head: Uint8Array = new Uint8Array();
  let fileBytes: number | undefined;
  let missingBytes = headBytes;

  return {
    get fileBytes() {
      return fileBytes;
    },
    get wantedBytes() {
      return missingBytes;
    },
    update(bytes) {
      if (bytes.length > missingBytes) throw misbehaved('sent bytes behind the end of the program');
      missingBytes -= bytes.length;
      if (fileBytes !== undefined) return bytes;

      head = concatBytes(head, bytes);
      checkPrefix(head, expected);
      if (missingBytes > 0) return new Uint8Array();
      const fileOffset = checkHead(head, expected);
      fileBytes = fileOffset.fileBytes;
      const begin = head.subarray(fileOffset.offset);
      missingBytes = fileBytes - begin.length;
      return begin;
    },
    end() {
      if (missingBytes === 0) return;
      if (head.length === 0) throw misbehaved('ended its stream without an answer');
      throw misbehaved(
        fileBytes === undefined
          ? 'ended its stream inside the head of the answer'
          : `ended its stream ${missingBytes} of ${fileBytes} bytes too early`,
      );
    },
  };
}

/** Checks status and length as soon as they are there: nothing is waited for that cannot be right. */
function checkPrefix(head: Uint8Array, expected: Release): void {
  if (head[0] === STATUS_REFUSED) {
    throw new PeerpatchError(
      'PEER_REFUSED',
      'the peer refused to send the program: it is busy, has another owner, or one of the two clocks is off by minutes',
    );
  }
  if (head.length < PREFIX_BYTES) return;
  const length = frameLength(head);
  const { min, max } = fileLengthBounds(expected);
  const release = encodeRelease(expected).length;
  const shortest = release + encodeU64(min).length + min;
  const longest = release + 1 + encodeU64(max).length + max;
  if (length < shortest || length > longest) {
    throw misbehaved(`announced ${length.toString()} bytes where the release has from ${shortest} to ${longest}`);
  }
}

function checkHead(head: Uint8Array, expected: Release): { readonly offset: number; readonly fileBytes: number } {
  const found = readHead(head, 'tuple') ?? readHead(head, 'prefixed');
  if (found === undefined) throw misbehaved('sent a head that does not fill the frame');
  const { release, fileBytes, offset } = found;
  // Decoded fields are compared: two forms of the same release are both right.
  const same =
    compareVersions(release.version, expected.version) === 0 &&
    release.sizeBytes === expected.sizeBytes &&
    equalBytes(release.hash, expected.hash) &&
    equalBytes(release.signature, expected.signature);
  if (!same) throw misbehaved(`sent another release than ${formatVersion(expected.version)}, which it announced`);

  const { min, max } = fileLengthBounds(expected);
  const magic = new DataView(head.buffer, head.byteOffset + offset, MAGIC_BYTES).getUint32(0);
  const isMacho = MACHO_MAGICS.has(magic);
  if (fileBytes !== min && !(isMacho && fileBytes > min && fileBytes <= max)) {
    throw misbehaved(`sent a file of ${fileBytes} bytes where the release has ${min}`);
  }
  return { offset, fileBytes };
}

/** Reads release and file length in one of the two forms: undefined unless they fill the frame exactly. */
function readHead(
  head: Uint8Array,
  signature: SignatureForm,
): { readonly release: Release; readonly fileBytes: number; readonly offset: number } | undefined {
  try {
    const { release, length } = decodeReleasePrefix(head, { offset: PREFIX_BYTES, signature });
    const reader = createPostcardReader({ bytes: head, offset: PREFIX_BYTES + length, malformed: misbehaved });
    const fileBytes = reader.u64(Number.MAX_SAFE_INTEGER);
    const filled = reader.offset - PREFIX_BYTES + fileBytes;
    return BigInt(filled) === frameLength(head) ? { release, fileBytes, offset: reader.offset } : undefined;
  } catch (error) {
    if (!isPeerpatchError(error)) throw error;
    return undefined; // not in this form: the caller says so when it is in neither
  }
}

function frameLength(head: Uint8Array): bigint {
  return new DataView(head.buffer, head.byteOffset, head.byteLength).getBigUint64(1, false);
}

function misbehaved(reason: string): PeerpatchError {
  return new PeerpatchError('PEER_MISBEHAVED', `the peer ${reason}`);
}
