/**
 * Collects the first bytes of a file until a reader of file formats has enough of them. Spec: docs/spec/02-stamp.md.
 *
 * @module
 */
import { concatBytes } from '../base/bytes.ts';

/** The answer of a reader that needs more of the head: at least so many bytes from the start. Readers bound it. */
export interface NeedBytes {
  readonly need: number;
}

export interface Head {
  /**
   * Takes the next piece.
   *
   * @returns all bytes so far, once, when the reader has come to a result; before that undefined
   */
  update(piece: Uint8Array): Uint8Array | undefined;
  /** Bytes held. */
  readonly heldBytes: number;
}

/** @param read looks at the bytes so far; an answer other than `NeedBytes` ends the collecting */
export function createHead<T>(read: (head: Uint8Array) => T | NeedBytes, onResult: (result: T) => void): Head {
  const pieces: Uint8Array[] = [];
  let heldBytes = 0;
  let need = 1;
  return {
    update(piece) {
      heldBytes += piece.length;
      pieces.push(heldBytes < need || piece.length === 0 ? piece.slice() : piece);
      if (heldBytes < need) return undefined; // joining at every piece would cost a stranger's tiny pieces squared
      const head = pieces.length === 1 ? piece : concatBytes(...pieces);
      const result = read(head);
      if (isNeed(result)) {
        need = result.need;
        pieces.splice(0, pieces.length, head.slice());
        return undefined;
      }
      pieces.length = 0;
      onResult(result);
      return head;
    },
    get heldBytes() {
      return heldBytes;
    },
  };
}

function isNeed(result: unknown): result is NeedBytes {
  return typeof result === 'object' && result !== null && 'need' in result;
}
