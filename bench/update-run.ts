/**
 * One real update on this machine: a copy of 1.0.0 finds, fetches and installs 1.1.0 from the copy that serves it.
 *
 * Both are executables on a private DHT and iroh over loopback; each watches itself. The copy does not restart.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startPrivateDht } from '../src/testing/private-dht.ts';
import type { WatchedLine } from './fixtures/host-app.ts';
import { HostProcess } from './host-process.ts';
import { hostProgram, OWNER_PUBLIC_KEY } from './host-program.ts';

export interface UpdateRun {
  /** From `found` to `installed`. */
  readonly fetching: WatchedLine;
  /** The same time at the other side, until `served`. */
  readonly serving: WatchedLine;
  /** The copy that serves, before anybody asks. */
  readonly idle: WatchedLine;
  /** From the look that found it: the DHT's part. */
  readonly lookMs: number;
  /** From the record to the first byte: connection and request. */
  readonly beforeTransferMs: number;
  readonly transferMs: number;
  /** From the last byte to the replaced file: the rest of the hash, sync, rename. */
  readonly afterTransferMs: number;
}

const INTERVAL_MS = '2000';
const IDLE_MS = 5000;

/** @param node path of the Node binary both copies are made from */
export async function runUpdate(node: string): Promise<UpdateRun> {
  const hosts: HostProcess[] = [];
  const dht = await startPrivateDht();
  const folder = await mkdtemp(join(tmpdir(), 'peerpatch-bench-'));
  const start = (program: string): HostProcess => {
    const host = new HostProcess(program, {
      BENCH_PUBLIC_KEY: OWNER_PUBLIC_KEY,
      BENCH_DHT: dht.bootstrap.join(','),
      BENCH_INTERVAL_MS: INTERVAL_MS,
    });
    hosts.push(host);
    return host;
  };
  try {
    const newest = await hostProgram({ folder, version: '1.1.0', node });
    const old = await hostProgram({ folder, version: '1.0.0', node });
    const server = start(newest);
    await server.hears('announced');
    server.tell('watch');
    await delay(IDLE_MS);
    const idle = await server.ask('report', 'watched');

    const copy = start(old);
    const found = await copy.hears('found');
    copy.tell('watch');
    server.tell('watch');
    const installed = await copy.hears('installed');
    const fetching = await copy.ask('report', 'watched');
    await server.hears('served');
    const serving = await server.ask('report', 'watched');

    const progress = copy.said('progress');
    const [first, last] = [progress[0], progress.at(-1)];
    const checking = copy.said('checking').findLast(({ atMs }) => atMs <= found.atMs);
    if (first === undefined || last === undefined || checking === undefined) {
      throw new Error('the copy did not say how its download went');
    }
    return {
      fetching,
      serving,
      idle,
      lookMs: found.atMs - checking.atMs,
      beforeTransferMs: first.atMs - found.atMs,
      transferMs: last.atMs - first.atMs,
      afterTransferMs: installed.atMs - last.atMs,
    };
  } finally {
    await Promise.all(hosts.map((host) => host.end()));
    await dht.close();
    await rm(folder, { recursive: true, force: true });
  }
}
