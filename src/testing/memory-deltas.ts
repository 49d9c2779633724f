/**
 * Deltas in memory: beside a program that has no file, and kept as long as the store is.
 *
 * @module
 */
import { isPeerpatchError, PeerpatchError } from '../core/base/errors.ts';
import { toHex } from '../core/base/hex.ts';
import { KEPT_DELTA_LIMITS, type KeptDeltaLimits } from '../core/base/limits.ts';
import type { DeltaStore } from '../ports/deltas.ts';
import type { PartialFile } from '../ports/partial.ts';
import type { OpenProgram } from '../ports/program.ts';
import { MemoryPartialStore } from './memory-partial.ts';
import { MemoryProgram } from './memory-program.ts';

export class MemoryDeltas implements DeltaStore {
  /** Deltas that are there in part. */
  readonly partials: MemoryPartialStore = new MemoryPartialStore();
  readonly #limits: KeptDeltaLimits;
  readonly #beside = new Map<string, Uint8Array>();
  /** Oldest first. */
  readonly #kept = new Map<string, Uint8Array>();
  readonly #sizes = new Map<string, number>();

  constructor(limits: KeptDeltaLimits = KEPT_DELTA_LIMITS) {
    this.#limits = limits;
  }

  /** Roots of what was kept, in hex, oldest first. */
  get kept(): readonly string[] {
    return [...this.#kept.keys()];
  }

  /** Puts a delta beside the program, as its owner does. */
  put(root: Uint8Array, bytes: Uint8Array): void {
    this.#beside.set(toHex(root), bytes);
  }

  async open(root: Uint8Array, sizeBytes: number): Promise<OpenProgram | undefined> {
    await Promise.resolve(); // never done before the caller has gone on, as with a disk
    const name = toHex(root);
    const found = [this.#kept.get(name), this.#beside.get(name)].find((bytes) => bytes?.length === sizeBytes);
    return found && openBytes(name, found);
  }

  async partial(root: Uint8Array, sizeBytes: number): Promise<PartialFile> {
    const name = toHex(root);
    const partial = await unlessUnusable(this.partials.open(name, sizeBytes));
    this.#sizes.set(name, sizeBytes);
    return {
      sizeBytes,
      isNew: partial.isNew,
      read: (offset, length, memory) => unlessUnusable(partial.read(offset, length, memory)),
      write: (offset, bytes) => unlessUnusable(partial.write(offset, bytes)),
      close: () => partial.close(),
      discard: () => partial.discard(),
    };
  }

  async keep(root: Uint8Array): Promise<OpenProgram | undefined> {
    const name = toHex(root);
    const bytes = await this.#take(name);
    if (bytes === undefined) {
      const kept = this.#kept.get(name);
      return kept && openBytes(name, kept);
    }
    if (bytes.length <= this.#limits.maxBytes) {
      this.#kept.delete(name); // kept anew: the youngest
      this.#kept.set(name, bytes);
      this.#removeOldest();
    }
    return openBytes(name, bytes);
  }

  /** The bytes of a closed partial file, which goes. */
  async #take(name: string): Promise<Uint8Array | undefined> {
    const sizeBytes = this.#sizes.get(name);
    if (sizeBytes === undefined || !this.partials.names.includes(name)) return undefined;
    const partial = await this.partials.open(name, sizeBytes).catch((error: unknown) => {
      if (!isPeerpatchError(error)) throw error;
      return undefined; // it is still being written, or the store is to fail: what cannot be kept is not
    });
    const bytes = await partial?.read(0, sizeBytes);
    await partial?.discard();
    return bytes;
  }

  #removeOldest(): void {
    const { maxFiles, maxBytes } = this.#limits;
    const totalBytes = (): number => [...this.#kept.values()].reduce((sum, { length }) => sum + length, 0);
    for (const name of [...this.#kept.keys()]) {
      if (this.#kept.size <= maxFiles && totalBytes() <= maxBytes) return;
      this.#kept.delete(name);
    }
  }
}

function openBytes(name: string, bytes: Uint8Array): Promise<OpenProgram> {
  return new MemoryProgram(bytes, { path: `/memory/deltas/${name}` }).open();
}

async function unlessUnusable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!isPeerpatchError(cause)) throw cause;
    throw new PeerpatchError('MEMORY_UNUSABLE', `could not use the place of a delta: ${cause.message}`, { cause });
  }
}
