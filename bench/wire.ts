/**
 * A few lines changed in a 150 MB program: everything that crosses a cable between the copy and the world for it.
 *
 * Two machines of their own (rust/two-ends.sh) and a recording of every frame. Linux, with tcpdump; elsewhere the figure is not
 * measured.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { releasePair } from './host-program.ts';
import type { BenchRow, Target } from './rows.ts';
import { atTwoEnds } from './rust/two-ends.ts';
import type { WireFigures } from './wire/figures.ts';

const WORKER = join(import.meta.dirname, 'wire/worker.ts');
const TSX = join(import.meta.dirname, '../node_modules/tsx/dist/cli.mjs');
const NAME = 'a few lines changed in 150 MB, on the wire';
const NOTE =
  'whole Ethernet frames on a cable of its own, from the first one to the peer that the record names until the program was replaced, with the end of the connection: handshake, statement, stamp, delta, and what the DHT was asked meanwhile. Most of it is packets that QUIC fills up: to open the path, and to find its MTU in both directions';

export async function benchWire(): Promise<BenchRow[]> {
  const row = (what: string, target: Target, measured: number, unit = 'KB'): BenchRow => {
    return { what: `${NAME}: ${what}`, target, measured, unit };
  };
  const measured = await measureWire();
  if (typeof measured === 'string') return [{ ...row('both directions', '<= 16', NaN), note: measured }];
  const { bytes, frames, toUpdaterBytes, toSeederBytes, otherBytes, lookBytes, payloadBytes, durationMs } = measured;
  return [
    { ...row('both directions', '<= 16', bytes / 1000), note: NOTE },
    row('of it, from the peer', 'reported', toUpdaterBytes / 1000),
    row('of it, to the peer', 'reported', toSeederBytes / 1000),
    row('of it, with the DHT and others', 'reported', otherBytes / 1000),
    row('frames', 'reported', frames, 'frames'),
    row('payload', 'reported', payloadBytes / 1000),
    row('the look at the DHT before it', 'reported', lookBytes / 1000),
    row('record seen to program replaced', 'reported', durationMs, 'ms'),
  ];
}

/** The figures, or why there are none. */
async function measureWire(): Promise<WireFigures | string> {
  if (process.platform !== 'linux') return 'it needs network namespaces of Linux';
  if (spawnSync('tcpdump', ['--version']).status !== 0) return 'it needs tcpdump';
  const folder = await mkdtemp(join(tmpdir(), 'peerpatch-bench-'));
  try {
    await releasePair({ folder, kind: 'delta', node: process.execPath });
    const [command, ...args] = atTwoEnds(folder, [process.execPath, TSX, WORKER, folder]);
    const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    if (status !== 0) throw new Error('the update on two machines failed: see the lines above');
    return JSON.parse(await readFile(join(folder, 'figures.json'), 'utf8')) as WireFigures;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
