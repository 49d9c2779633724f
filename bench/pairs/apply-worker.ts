/**
 * The process that applies a delta for delta-run.ts: its memory is its own, so that growth can be told. Linux only.
 *
 * The result is written to a file and not yet hashed or synced: that is measured with the update.
 *
 * @module
 */
import { createReadStream } from 'node:fs';
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { applyDelta } from '../../src/agent/delta/apply-delta.ts';
import { brotli } from '../../src/io/system/brotli.ts';
import type { FilePair } from './baseline.ts';

export interface ApplyOrder extends FilePair {
  readonly deltaPath: string;
  readonly resultPath: string;
}

export interface AppliedDelta {
  readonly wallMs: number;
  readonly rssGrowthBytes: number;
}

const KIB = 1024;

async function apply({ oldPath, newPath, deltaPath, resultPath }: ApplyOrder): Promise<AppliedDelta> {
  const [baseSizeBytes, resultSizeBytes] = [(await stat(oldPath)).size, (await stat(newPath)).size];
  const [base, result] = [await open(oldPath), await open(resultPath, 'wx')];
  // One for all reads: what is read is copied before the next one.
  let window = new Uint8Array(0);
  try {
    await resetPeak();
    const beforeBytes = process.memoryUsage.rss();
    const start = performance.now();
    await applyDelta({
      base: {
        sizeBytes: baseSizeBytes,
        read: async (offset, length) => {
          if (window.length < length) window = new Uint8Array(length);
          const { bytesRead } = await base.read(window, 0, length, offset);
          return window.subarray(0, bytesRead);
        },
      },
      delta: createReadStream(deltaPath),
      compression: brotli,
      baseSizeBytes,
      resultSizeBytes,
      write: (bytes) => result.writeFile(bytes),
    });
    const wallMs = performance.now() - start;
    return { wallMs, rssGrowthBytes: Math.max(0, (await peakBytes()) - beforeBytes) };
  } finally {
    await result.close();
    await base.close();
  }
}

/** What the start of the process needed must not hide what the work needs. */
async function resetPeak(): Promise<void> {
  await writeFile('/proc/self/clear_refs', '5');
}

async function peakBytes(): Promise<number> {
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile('/proc/self/status', 'utf8'))?.[1];
  if (peak === undefined) throw new Error('the kernel does not tell the highest resident size');
  return Number(peak) * KIB;
}

process.once('message', (order: ApplyOrder) => {
  void apply(order).then((applied) => {
    process.send?.(applied, () => {
      process.disconnect();
    });
  });
});
