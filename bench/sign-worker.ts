/**
 * The process that signs and verifies for bench/sign.ts: its memory is its own, so that growth can be told.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { ownerKeyFromSeed } from '../src/core/keys/owner-key.ts';
import { formatPublicKey } from '../src/core/keys/public-key.ts';
import { signProgram } from '../src/tools/sign/sign-program.ts';
import { verifyProgram } from '../src/tools/verify-program.ts';

export interface SignOrder {
  /** `sign`: without a statement; `state`: with one. */
  readonly work: 'sign' | 'state' | 'verify';
  readonly path: string;
  readonly programBytes: number;
}

export interface SignFigures {
  /** What the machine does with bytes in memory. */
  readonly hashBytesPerSecond: number;
  readonly bytesPerSecond: number;
  readonly rssGrowthBytes: number;
}

const RUNS = 3;
/** A program is hashed in pieces; the plain rate is measured with pieces of the same kind. */
const PIECE_BYTES: number = 512 * 1024;
const OWNER = ownerKeyFromSeed(new Uint8Array(32).fill(1));

async function measureWork({ work, path, programBytes }: SignOrder): Promise<SignFigures> {
  const before = process.memoryUsage.rss();
  let peak = before;
  await once(work, path, () => {
    peak = Math.max(peak, process.memoryUsage.rss());
  });
  // Alternating, so that what else the machine does falls on both alike; the best run of each counts.
  const [hashMs, workMs]: [number[], number[]] = [[], []];
  for (let run = 0; run < RUNS; run++) {
    hashMs.push(await timed(() => hash(programBytes)));
    workMs.push(await timed(() => once(work, path)));
  }
  const perSecond = (durations: readonly number[]): number => programBytes / (Math.min(...durations) / 1000);
  return {
    hashBytesPerSecond: perSecond(hashMs),
    bytesPerSecond: perSecond(workMs),
    rssGrowthBytes: peak - before,
  };
}

async function once(work: SignOrder['work'], path: string, onProgress?: () => void): Promise<void> {
  const name = { app: 'bench', target: 'linux-x64' };
  if (work === 'sign') await signProgram({ program: path, key: OWNER, v0Only: true, onProgress });
  else if (work === 'state') await signProgram({ program: path, key: OWNER, ...name, onProgress });
  else await verifyProgram({ program: path, publicKey: formatPublicKey(OWNER.publicKey), onProgress });
}

function hash(bytes: number): Promise<void> {
  const sha512 = createHash('sha512');
  const piece = new Uint8Array(PIECE_BYTES).fill(0x5a);
  for (let done = 0; done < bytes; done += PIECE_BYTES) sha512.update(piece.subarray(0, bytes - done));
  sha512.digest();
  return Promise.resolve();
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

process.once('message', (order: SignOrder) => {
  void measureWork(order).then((figures) => {
    process.send?.(figures, () => {
      process.disconnect();
    });
  });
});
