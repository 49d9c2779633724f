/**
 * The process that applies a delta for delta-run.ts: its memory is its own, so that growth can be told. Linux only.
 *
 * The result is written to a file and not yet hashed or synced: that is measured with the update.
 *
 * @module
 */
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { applyDelta } from '../../src/agent/delta/apply-delta.ts';
import { MAX_BASE_READ_BYTES } from '../../src/agent/delta/base-pages.ts';
import { openProgram } from '../../src/io/files/open-program.ts';
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
  const resultSizeBytes = (await stat(newPath)).size;
  const [base, delta, result] = [
    await openProgram(oldPath),
    await openProgram(deltaPath),
    await open(resultPath, 'wx'),
  ];
  // One for all reads, as the agent has it: what is read is copied before the next one.
  const memory = new Uint8Array(MAX_BASE_READ_BYTES);
  try {
    await resetPeak();
    const beforeBytes = process.memoryUsage.rss();
    const start = performance.now();
    await applyDelta({
      base: { sizeBytes: base.sizeBytes, read: (offset, length) => base.readAt(offset, length, memory) },
      delta: delta.read(),
      compression: brotli,
      baseSizeBytes: base.sizeBytes,
      resultSizeBytes,
      write: (bytes) => result.writeFile(bytes),
    });
    const wallMs = performance.now() - start;
    return { wallMs, rssGrowthBytes: Math.max(0, (await peakBytes()) - beforeBytes) };
  } finally {
    await result.close();
    await delta.close();
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
