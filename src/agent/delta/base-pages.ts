/**
 * Parts of the old program in memory: what a delta copies from, in pages, the most recently used ones.
 *
 * A delta jumps about in the old program, mostly not far. Pages that follow each other are read at once.
 *
 * @module
 */

import { MAX_BASE_READS_PER_BYTE } from '../../core/base/limits.ts';
import { malformedDelta } from '../../core/delta/format.ts';

/** The old program's canonical image. */
export interface DeltaBase {
  readonly sizeBytes: number;
  /**
   * Exactly `length` bytes, at most {@link MAX_BASE_READ_BYTES}. One read at a time, and they are copied before the next one:
   * the memory may be used again.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
}

export const PAGE_BYTES: number = 32 * 1024;
/** Pages of one `load`. */
export const MAX_LOADED_PAGES = 160;
/** 10 MiB: those of the load that is in use, and those of the next one. Most loads need far fewer, and older ones stay. */
const MAX_HELD_PAGES = 2 * MAX_LOADED_PAGES;
const MAX_READ_PAGES = 32;
/** Of one read of the base. */
export const MAX_BASE_READ_BYTES: number = MAX_READ_PAGES * PAGE_BYTES;

export interface BasePages {
  /**
   * Makes sure of these pages, at most {@link MAX_LOADED_PAGES}. They stay until the load after the next one begins.
   *
   * @throws PeerpatchError DELTA_MALFORMED when more is read than any honest delta needs; what the base throws
   */
  load(pages: ReadonlySet<number>): Promise<void>;
  /** Copies from pages that are loaded. */
  copyTo(target: Uint8Array, baseAt: number): void;
}

/** @param resultSizeBytes what is made of the base: it bounds what is read of it */
export function createBasePages(base: DeltaBase, resultSizeBytes: number): BasePages {
  const memory = new Uint8Array(Math.min(MAX_HELD_PAGES, Math.ceil(base.sizeBytes / PAGE_BYTES)) * PAGE_BYTES);
  const slots = new Map<number, number>(); // where a page is; the least recently used one first
  const maxReadBytes = base.sizeBytes + MAX_BASE_READS_PER_BYTE * resultSizeBytes;
  let readBytes = 0;

  const takeSlot = (): number => {
    if (slots.size * PAGE_BYTES < memory.length) return slots.size;
    const [oldest] = slots;
    if (oldest === undefined) throw new Error('no page can be missing of a base without pages');
    slots.delete(oldest[0]);
    return oldest[1];
  };

  const read = async (first: number, count: number): Promise<void> => {
    const offset = first * PAGE_BYTES;
    const length = Math.min(count * PAGE_BYTES, base.sizeBytes - offset);
    readBytes += length;
    // A delta of a few bytes could have a page read for each byte it makes, and keep the disk busy for days.
    if (readBytes > maxReadBytes) throw malformedDelta('it jumps about in the old program without end');
    const bytes = await base.read(offset, length);
    if (bytes.length !== length) throw new Error(`${bytes.length} bytes of the base instead of ${length}`);
    for (let i = 0; i < count; i++) {
      const page = bytes.subarray(i * PAGE_BYTES, (i + 1) * PAGE_BYTES);
      memory.set(page, (slots.get(first + i) ?? 0) * PAGE_BYTES);
    }
  };

  return {
    load: async (pages) => {
      const missing: number[] = [];
      for (const page of pages) {
        const slot = slots.get(page);
        if (slot === undefined) missing.push(page);
        else {
          slots.delete(page); // behind the others: it is the most recently used one now
          slots.set(page, slot);
        }
      }
      missing.sort((a, b) => a - b);
      for (let i = 0; i < missing.length;) {
        const first = missing[i] ?? 0;
        let count = 0;
        for (; missing[i] === first + count && count < MAX_READ_PAGES; i++, count++)
          slots.set(first + count, takeSlot());
        await read(first, count);
      }
    },
    copyTo: (target, baseAt) => {
      for (let done = 0; done < target.length;) {
        const page = Math.floor((baseAt + done) / PAGE_BYTES);
        const offset = baseAt + done - page * PAGE_BYTES;
        const length = Math.min(PAGE_BYTES - offset, target.length - done);
        const from = (slots.get(page) ?? 0) * PAGE_BYTES + offset;
        target.set(memory.subarray(from, from + length), done);
        done += length;
      }
    },
  };
}
