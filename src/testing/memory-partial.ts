/**
 * Partial content in memory: kept while the store is, as a disk keeps it while the machine is.
 *
 * @module
 */
import { checkRange } from '../core/base/bytes.ts';
import { PeerpatchError } from '../core/base/errors.ts';
import type { PartialFile, PartialStore } from '../ports/partial.ts';

interface Kept {
  readonly bytes: Uint8Array;
  open: boolean;
}

export class MemoryPartialStore implements PartialStore {
  /** Makes what comes next fail with this. */
  failure: PeerpatchError | undefined;
  readonly #kept = new Map<string, Kept>();

  /** Names of what is there, open or kept. */
  get names(): readonly string[] {
    return [...this.#kept.keys()];
  }

  async open(name: string, sizeBytes: number): Promise<PartialFile> {
    await this.#turn();
    const found = this.#kept.get(name);
    if (found?.open === true) throw new PeerpatchError('INSTALL_FAILED', `${name} is being written already`);
    const isNew = found?.bytes.length !== sizeBytes;
    const kept: Kept = { bytes: isNew ? new Uint8Array(sizeBytes) : found.bytes, open: true };
    this.#kept.set(name, kept);
    return this.#file(name, kept, isNew);
  }

  #file(name: string, kept: Kept, isNew: boolean): PartialFile {
    const { bytes } = kept;
    const checkOpen = (): void => {
      if (!kept.open) throw new PeerpatchError('INSTALL_FAILED', `${name} was closed or discarded`);
    };
    return {
      sizeBytes: bytes.length,
      isNew,
      read: async (offset, length, memory = new Uint8Array(length)) => {
        await this.#turn();
        checkOpen();
        checkRange(offset, length, bytes.length);
        checkRange(0, length, memory.length);
        memory.set(bytes.subarray(offset, offset + length));
        return memory.subarray(0, length);
      },
      write: async (offset, piece) => {
        const copy = piece.slice();
        await this.#turn();
        checkOpen();
        checkRange(offset, copy.length, bytes.length);
        bytes.set(copy, offset);
      },
      close: () => {
        kept.open = false;
        return Promise.resolve();
      },
      discard: () => {
        if (kept.open) this.#kept.delete(name);
        kept.open = false;
        return Promise.resolve();
      },
    };
  }

  async #turn(): Promise<void> {
    await Promise.resolve(); // never done before the caller has gone on, as with a disk
    if (this.failure !== undefined) throw this.failure;
  }
}
