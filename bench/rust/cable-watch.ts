/**
 * When the program crossed the cable: the same for every system, whatever it tells about itself.
 *
 * @module
 */
import { wireBytes, type WireBytes } from './two-ends.ts';

export interface CableWatch {
  /** `performance.now()` when this share of the bytes had been sent to the updater, to 20 ms. */
  reached(share: number): number;
  /** Since the watch began. */
  bytes(): WireBytes;
  end(): void;
}

const SAMPLE_MS = 20;

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
      const sample = samples.find((each) => each.bytes >= share * programBytes);
      if (sample === undefined) throw new Error(`not ${100 * share} % of the program crossed the cable`);
      return sample.atMs;
    },
    bytes,
    end: () => {
      clearInterval(sampling);
    },
  };
}
