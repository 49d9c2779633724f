/**
 * v0 download of a 150 MB program over iroh on loopback: one process serves, one fetches to disk.
 *
 * @module
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownerKeyFromSeed } from '../src/core/keys/owner-key.ts';
import { encodeReleaseRegion, encodeUnsignedRegion } from '../src/core/release/region.ts';
import { signRelease, type SignedRelease } from '../src/core/release/release.ts';
import { createMeasure } from '../src/core/stamp/measure.ts';
import type { BenchRow, Target } from './rows.ts';
import {
  BENCH_OWNER_SEED,
  type FetchFigures,
  type PeerOrder,
  type ServeFigures,
  type ServeReady,
} from './transfer-peer.ts';

const PROGRAM_BYTES = 150_000_000;
const PIECE_BYTES = 1_000_000;
const MIB = 1024 ** 2;

export async function benchTransfer(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'peerpatch-bench-'));
  const children: ChildProcess[] = [];
  try {
    const served = join(folder, 'served');
    const release = await writeProgram(served);
    const server = startPeer(children);
    const { peer } = await order<ServeReady>(server, { kind: 'serve', path: served, release });
    const serving = once(server, 'message') as Promise<[ServeFigures]>;
    const client = startPeer(children);
    const fetched = await order<FetchFigures>(client, { kind: 'fetch', path: join(folder, 'fetched'), release, peer });
    const [sent] = await serving;
    const row = (what: string, target: Target, measured: number, unit: string): BenchRow => {
      return { what: `v0 download of 150 MB: ${what}`, target, measured, unit };
    };
    return [
      {
        ...row('RSS growth of the fetching process', '<= 64', fetched.rssGrowthBytes / MIB, 'MiB'),
        note: 'two pieces of 128 KiB are held at a time, as bytes and as the numbers the addon gives',
      },
      row('RSS growth of the serving process', 'reported', sent.rssGrowthBytes / MIB, 'MiB'),
      row('rate', 'reported', PROGRAM_BYTES / 1e6 / (fetched.durationMs / 1000), 'MB/s'),
      row('event-loop delay p99 of the fetching thread', 'reported', fetched.loopDelayP99Ms, 'ms'),
      row('CPU of the fetching process', 'reported', fetched.cpuMs / 1000, 's'),
    ];
  } finally {
    for (const child of children) child.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A signed program, written in two passes so that this process does not hold it. */
async function writeProgram(path: string): Promise<SignedRelease> {
  const version = { major: 1, minor: 1, patch: 0 };
  const owner = ownerKeyFromSeed(BENCH_OWNER_SEED);
  const measure = createMeasure();
  const file = await open(path, 'wx');
  try {
    const region = encodeUnsignedRegion(version);
    let offset = 0;
    const add = async (bytes: Uint8Array): Promise<void> => {
      measure.update(bytes);
      await file.write(bytes, 0, bytes.length, offset);
      offset += bytes.length;
    };
    await add(new Uint8Array(1000).fill(1));
    await add(region);
    const piece = new Uint8Array(PIECE_BYTES);
    for (let index = 0; offset < PROGRAM_BYTES; index++) {
      piece.fill(index & 0xff).set([index >> 8], index % PIECE_BYTES);
      await add(piece.subarray(0, PROGRAM_BYTES - offset));
    }
    const release = signRelease(owner, version, measure.finish());
    await file.write(encodeReleaseRegion(release), 0, region.length, 1000);
    return release;
  } finally {
    await file.close();
  }
}

function startPeer(children: ChildProcess[]): ChildProcess {
  const child = fork(new URL('./transfer-peer.ts', import.meta.url), { serialization: 'advanced' });
  children.push(child);
  return child;
}

async function order<Answer>(child: ChildProcess, message: PeerOrder): Promise<Answer> {
  const failed = new AbortController();
  child.send(message);
  const ended = once(child, 'exit', { signal: failed.signal }).then(([code]) => {
    throw new Error(`a peer of the benchmark ended with ${String(code)}`);
  });
  ended.catch(() => undefined); // stopped below when the answer came first
  const [answer] = (await Promise.race([once(child, 'message'), ended])) as [Answer];
  failed.abort();
  return answer;
}
