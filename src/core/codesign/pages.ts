/**
 * Hashes the pages of a program as it streams by: SHA-256 of each, joined. Spec: docs/spec/18-code-signature.md.
 *
 * @module
 */
import { createSha256, sha256, type RunningHash } from '../crypto/hash.ts';
import { PAGE_HASH_BYTES } from './directory.ts';

export interface PageHasher {
  /** The next piece, of any length. It may be reused afterwards. */
  update(piece: Uint8Array): void;
  /** 32 bytes a page; the last page may be shorter than the others. */
  finish(): Uint8Array;
}

export function createPageHasher(pageBytes: number): PageHasher {
  let hashes = new Uint8Array(256 * PAGE_HASH_BYTES);
  let count = 0;
  /** Of the page that is not complete. */
  let open: RunningHash | undefined;
  let openBytes = 0;

  const add = (hash: Uint8Array): void => {
    if ((count + 1) * PAGE_HASH_BYTES > hashes.length) {
      const larger = new Uint8Array(hashes.length * 2);
      larger.set(hashes);
      hashes = larger;
    }
    hashes.set(hash, count * PAGE_HASH_BYTES);
    count += 1;
  };
  const close = (): void => {
    if (open !== undefined) add(open.digest());
    open = undefined;
    openBytes = 0;
  };
  return {
    update(piece) {
      for (let at = 0; at < piece.length;) {
        const part = piece.subarray(at, at + pageBytes - openBytes);
        at += part.length;
        if (part.length === pageBytes) {
          add(sha256(part));
          continue;
        }
        open ??= createSha256();
        open.update(part);
        openBytes += part.length;
        if (openBytes === pageBytes) close();
      }
    },
    finish() {
      close();
      return hashes.slice(0, count * PAGE_HASH_BYTES);
    },
  };
}
