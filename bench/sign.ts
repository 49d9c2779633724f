/**
 * Signs and verifies a 150 MB program, as a share of what the machine needs to hash as many bytes in memory.
 *
 * @module
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPlaceholder } from '../src/core/release/placeholder.ts';
import { parseVersion } from '../src/core/release/version.ts';
import type { BenchRow, Target } from './rows.ts';
import type { SignFigures, SignOrder } from './sign-worker.ts';

const PROGRAM_BYTES = 150_000_000;
const MIB = 1024 ** 2;
const NAMES = { sign: 'sign', verify: 'verify', state: 'sign with a statement' } as const;
const NOTES = {
  sign: 'each piece is written to a copy and read back from it while it is hashed, so that a busy disk or processor shows here',
  verify: 'the next piece is read while this one is hashed',
  state: 'three readings: copied and measured, cut into chunks, hashed again with the statement in it',
} as const;

export async function benchSign(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'peerpatch-bench-'));
  try {
    const path = join(folder, 'program');
    await writeProgram(path);
    const rows: BenchRow[] = [];
    for (const work of ['sign', 'verify', 'state'] as const) {
      const figures = await inProcess({ work, path, programBytes: PROGRAM_BYTES });
      const row = (what: string, target: Target, measured: number, unit: string): BenchRow => {
        return { what: `${NAMES[work]} a 150 MB program: ${what}`, target, measured, unit };
      };
      if (work === 'state') {
        rows.push(
          { ...row('rate', 'reported', figures.bytesPerSecond / 1e6, 'MB/s'), note: NOTES.state },
          row('peak RSS growth', 'reported', figures.rssGrowthBytes / MIB, 'MiB'),
        );
        continue;
      }
      const share = (100 * figures.bytesPerSecond) / figures.hashBytesPerSecond;
      rows.push(
        { ...row('share of the SHA-512 rate', '>= 60', share, '%'), note: NOTES[work] },
        row('rate', 'reported', figures.bytesPerSecond / 1e6, 'MB/s'),
        row('SHA-512 rate', 'reported', figures.hashBytesPerSecond / 1e6, 'MB/s'),
        row('peak RSS growth', '<= 32', figures.rssGrowthBytes / MIB, 'MiB'),
      );
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Machine code as a real program has it: the running Node binary, the stamp, and again Node up to the length. */
async function writeProgram(path: string): Promise<void> {
  const node = await readFile(process.execPath);
  const file = await open(path, 'wx', 0o755);
  try {
    const half = node.subarray(0, PROGRAM_BYTES / 2);
    await file.writeFile(half);
    await file.writeFile(createPlaceholder(parseVersion('1.0.0')));
    for (let left = PROGRAM_BYTES - half.length; left > 0; left -= node.length) {
      await file.writeFile(node.subarray(0, left));
    }
  } finally {
    await file.close();
  }
}

async function inProcess(order: SignOrder): Promise<SignFigures> {
  const child = fork(new URL('./sign-worker.ts', import.meta.url));
  try {
    const failed = once(child, 'exit').then(() => {
      throw new Error('the signing process ended without a result');
    });
    child.send(order);
    const [figures] = (await Promise.race([once(child, 'message'), failed])) as [SignFigures];
    return figures;
  } finally {
    child.kill();
  }
}
