/**
 * When the program crossed the cable: the same for every system, whatever it tells about itself.
 *
 * @module
 */
import { wireBytes, type WireBytes } from './two-ends.ts';

export interface CableWatch {
  /** `performance.now()` when this share of what was sent to the updater had been sent, to 20 ms. NaN when it was next to nothing. */
  reached(share: number): number;
  /** Since the watch began. */
  bytes(): WireBytes;
  end(): void;
}

const SAMPLE_MS = 20;
/** Of the program. What is less has no phases that could be told from the looks before it. */
const LEAST_SHARE = 0.01;

/** @param programBytes size of what the updater is to get */
export function watchCable(programBytes: number): CableWatch {
  const before = wireBytes();
  const samples: { readonly atMs: number; readonly bytes: number }[] = [];
  const bytes = (): WireBytes => {
    const now = wireBytes();
    return { toUpdater: now.toUpdater - before.toUpdater, toSeeder: now.toSeeder - before.toSeeder };
  };
  const sampling = setInterval(() => {
    samples.push({ atMs: performance.now(), bytes: bytes().toUpdater });
  }, SAMPLE_MS);
  return {
    reached: (share) => {
      const total = bytes().toUpdater;
      if (total < LEAST_SHARE * programBytes) return NaN;
      return samples.find((each) => each.bytes >= share * total)?.atMs ?? NaN;
    },
    bytes,
    end: () => {
      clearInterval(sampling);
    },
  };
}
