/**
 * Bytes in one direction, with a bounded buffer: a writer waits for its reader.
 *
 * @module
 */
import { orAbort } from '../core/base/abort.ts';
import { concatBytes } from '../core/base/bytes.ts';
import { PeerpatchError } from '../core/base/errors.ts';

const CAPACITY_BYTES = 64 * 1024;

export class MemoryPipe {
  onFirstBytes: () => void = () => undefined;
  #pieces: Uint8Array[] = [];
  #heldBytes = 0;
  #begun = false;
  #finished = false;
  #broken = false;
  #changed: () => void = () => undefined;
  #change: Promise<void>;

  constructor() {
    this.#change = this.#nextChange();
  }

  async write(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    if (this.#finished) throw gone('the stream was finished');
    for (let at = 0; at < bytes.length;) {
      signal?.throwIfAborted();
      if (this.#broken) throw gone('the connection is gone');
      const piece = bytes.slice(at, at + CAPACITY_BYTES - this.#heldBytes);
      if (piece.length === 0) {
        await orAbort(this.#change, signal);
        continue;
      }
      this.#pieces.push(piece);
      this.#heldBytes += piece.length;
      at += piece.length;
      this.#announce();
    }
  }

  async read(maxBytes: number, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    for (;;) {
      signal?.throwIfAborted();
      if (this.#heldBytes > 0) {
        const held = concatBytes(...this.#pieces);
        const bytes = held.slice(0, maxBytes);
        this.#pieces = [held.subarray(bytes.length)];
        this.#heldBytes -= bytes.length;
        this.#announce();
        return bytes;
      }
      if (this.#finished) return undefined;
      if (this.#broken) throw gone('the connection is gone');
      await orAbort(this.#change, signal);
    }
  }

  finish(): Promise<void> {
    if (this.#broken) return Promise.reject(gone('the connection is gone'));
    this.#finished = true;
    this.#announce();
    return Promise.resolve();
  }

  /** Waits until the reader has everything. */
  async delivered(signal?: AbortSignal): Promise<void> {
    while (!this.#finished || this.#heldBytes > 0) {
      signal?.throwIfAborted();
      if (this.#broken) throw gone('the connection is gone');
      await orAbort(this.#change, signal);
    }
  }

  /** The connection is gone: what was not read is lost. */
  break(): void {
    this.#broken = true;
    if (this.#heldBytes > 0) this.#finished = false; // lost bytes must not look like an end
    this.#pieces = [];
    this.#heldBytes = 0;
    this.#announce();
  }

  #announce(): void {
    if (!this.#begun && !this.#broken) {
      this.#begun = true;
      this.onFirstBytes();
    }
    const wake = this.#changed;
    this.#change = this.#nextChange();
    wake();
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => (this.#changed = resolve));
  }
}

function gone(reason: string): PeerpatchError {
  return new PeerpatchError('PEER_UNREACHABLE', reason);
}
