/**
 * Looks at a program as it streams by: are the page hashes in its code signature right, and which ones would be? Spec:
 * docs/spec/18-code-signature.md.
 *
 * Holds the hashes and the signature, a hundredth of the program. Other files than Mach-O pass without a word.
 *
 * @module
 */
import { equalBytes } from '../base/bytes.ts';
import { MACHO_TAIL_FLOOR_BYTES, MAX_MACHO_TAIL_SHARE } from '../base/limits.ts';
import { createHead, type Head } from '../stamp/head.ts';
import { readMachO } from '../stamp/macho.ts';
import { invalidSignature, PAGE_HASH_BYTES } from './directory.ts';
import { createPageHasher, type PageHasher } from './pages.ts';
import { decodeCodeSignature, isRenewable, type SignatureHead } from './signature.ts';

export interface WatchedSignature extends SignatureHead {
  /** Where it begins in the file. */
  readonly offset: number;
  /** With its padding. */
  readonly sizeBytes: number;
  /** What the pages really hash to: 32 bytes each. */
  readonly pageHashes: Uint8Array;
  /** Numbers of the pages whose hash in the signature is another one. */
  readonly wrongPages: readonly number[];
}

export interface SignatureWatch {
  /** False as soon as the file's first bytes have said that it has none: the rest need not be shown. */
  readonly isWatching: boolean;
  /**
   * The next piece of the file, of any length. It may be reused afterwards.
   *
   * @throws PeerpatchError CODE_SIGNATURE_INVALID, STAMP_MALFORMED for a Mach-O file without a single program
   */
  update(piece: Uint8Array): void;
  /**
   * @returns undefined for a file without a code signature
   * @throws PeerpatchError CODE_SIGNATURE_INVALID, also for a program that no system would start without one
   */
  finish(): WatchedSignature | undefined;
}

interface Watching {
  readonly offset: number;
  readonly signature: Uint8Array;
  /** One for each size that pages of such a program have: which it is stands behind them. */
  readonly hashers: ReadonlyMap<number, PageHasher>;
}

const ARM64 = 0x0100000c;

export function createSignatureWatch(): SignatureWatch {
  let watching: Watching | undefined;
  let position = 0;
  let cpu = 0;
  let isMachO = false;
  let head: Head | undefined = createHead(
    (bytes) => {
      if (bytes.length >= 8) cpu = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
      return readMachO(bytes);
    },
    (found) => {
      isMachO = found !== undefined;
      if (found?.signedBytes === undefined || found.fileBytes === undefined) return;
      const [offset, sizeBytes] = [found.signedBytes, found.fileBytes - found.signedBytes];
      if (sizeBytes > offset * MAX_MACHO_TAIL_SHARE + MACHO_TAIL_FLOOR_BYTES)
        throw invalidSignature(`it has ${sizeBytes} bytes, too many for its program`);
      const sizes = cpu === ARM64 ? [4096, 16_384] : [4096];
      const hashers = new Map(sizes.map((pageBytes) => [pageBytes, createPageHasher(pageBytes)]));
      watching = { offset, signature: new Uint8Array(sizeBytes), hashers };
    },
  );

  const take = (bytes: Uint8Array, { offset, signature, hashers }: Watching): void => {
    const code = bytes.subarray(0, Math.max(offset - position, 0));
    for (const hasher of hashers.values()) hasher.update(code);
    const rest = bytes.subarray(code.length);
    const at = position + code.length - offset;
    if (rest.length > signature.length - at) throw invalidSignature('bytes follow it');
    if (rest.length > 0) signature.set(rest, at);
  };

  return {
    get isWatching() {
      return head !== undefined || watching !== undefined;
    },
    update(piece) {
      const known = head === undefined ? piece : head.update(piece);
      if (known === undefined) return;
      head = undefined;
      if (watching !== undefined) take(known, watching);
      position += known.length;
    },
    finish() {
      if (watching === undefined) {
        if (isMachO && cpu === ARM64) throw invalidSignature('it has none, and Apple silicon starts nothing without');
        return undefined;
      }
      const { offset, signature, hashers } = watching;
      if (position < offset + signature.length) throw invalidSignature('the file ends inside it');
      const found = decodeCodeSignature(signature, offset);
      const pageHashes = hashers.get(found.pageBytes)?.finish();
      if (pageHashes === undefined) throw invalidSignature(`pages of ${found.pageBytes} bytes on this processor`);
      const stated = signature.subarray(found.hashesAt, found.hashesAt + pageHashes.length);
      return {
        ...found,
        offset,
        sizeBytes: signature.length,
        pageHashes,
        wrongPages: differingPages(pageHashes, stated),
      };
    },
  };
}

function differingPages(a: Uint8Array, b: Uint8Array): readonly number[] {
  const pages: number[] = [];
  for (let at = 0; at < a.length; at += PAGE_HASH_BYTES) {
    if (!equalBytes(a.subarray(at, at + PAGE_HASH_BYTES), b.subarray(at, at + PAGE_HASH_BYTES)))
      pages.push(at / PAGE_HASH_BYTES);
  }
  return pages;
}

/**
 * A system that enforces signatures would end this program at its first wrong page.
 *
 * @throws PeerpatchError CODE_SIGNATURE_INVALID
 */
export function checkPages(signature: WatchedSignature | undefined): void {
  const [first] = signature?.wrongPages ?? [];
  if (first === undefined || signature === undefined) return;
  const count = signature.wrongPages.length;
  throw invalidSignature(`${count} of ${signature.pageCount} pages hash to something else, page ${first} is the first`);
}

/** Bytes to write into the file, and where. */
export interface PageHashWrite {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * What makes the signature right again, when no byte in front of it changes any more.
 *
 * @returns undefined for a file without a code signature
 * @throws PeerpatchError CODE_SIGNATURE_INVALID for one that only its signer can make
 */
export function renewPageHashes(signature: WatchedSignature | undefined): PageHashWrite | undefined {
  if (signature === undefined) return undefined;
  if (!isRenewable(signature)) throw invalidSignature('only who has the certificate can make it anew');
  return { offset: signature.offset + signature.hashesAt, bytes: signature.pageHashes };
}
