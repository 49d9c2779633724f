/**
 * `npm run bench:rust`: updates by rustpatcher beside updates by Peerpatch, of programs of the same size, in the same DHT.
 *
 * Builds the programs, then measures them on two machines of their own (two-ends.sh). A quarter of an hour. Linux alone, and
 * only where the Rust crates can be built; elsewhere it says so in one line.
 *
 * BENCH_RUNS: how often each system updates on each link; default 5. With fewer the figures are printed and not written.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildWorkspaces, RUSTPATCHERS, whyNotBuildable } from '../../test/interop/support/workspaces.ts';
import { machineFacts } from '../machine.ts';
import { writePlan } from './plan.ts';
import {
  filledUp,
  fillerFrom,
  largestBytes,
  peerpatchPrograms,
  rustPrograms,
  type FillUpOptions,
  type ProgramPair,
} from './programs.ts';
import { atTwoEnds } from './two-ends.ts';

const DEFAULT_RUNS = 5;
const COMPARE = join(import.meta.dirname, 'compare.ts');
const TSX = join(import.meta.dirname, '../../node_modules/tsx/dist/cli.mjs');

const missing = process.platform === 'linux' ? whyNotBuildable() : 'it needs network namespaces of Linux';
if (missing === undefined) process.exitCode = await compareAll();
else console.warn(`SKIPPED: rustpatcher beside Peerpatch, because ${missing}`);

async function compareAll(): Promise<number> {
  const machine = machineFacts();
  const folder = await mkdtemp(join(tmpdir(), 'peerpatch-bench-'));
  try {
    buildWorkspaces();
    const build = await peerpatchPrograms();
    const rust = RUSTPATCHERS.toReversed().map((version) => ({ version, programs: rustPrograms(version) }));
    const sizeBytes = await largestBytes([build, ...rust.map(({ programs }) => programs)]);
    const filler = await fillerFrom(build.new);
    const fill = async (name: string, pair: ProgramPair): Promise<ProgramPair> => {
      const options: FillUpOptions = { folder: join(folder, name), sizeBytes, filler };
      await mkdir(options.folder);
      return filledUp(pair, options);
    };
    const rustpatchers = [];
    for (const { version, programs } of rust) {
      rustpatchers.push({ version, programs: await fill(`rustpatcher-${version}`, programs) });
    }
    const peerpatch = await fill('peerpatch', build);
    const runs = Number(process.env['BENCH_RUNS'] ?? DEFAULT_RUNS);
    const { nodeName, installer } = build;
    await writePlan(folder, { sizeBytes, nodeName, machine, peerpatch, installer, rustpatchers, runs });
    const [command, ...args] = atTwoEnds(folder, [process.execPath, TSX, COMPARE, folder]);
    return spawnSync(command, args, { stdio: 'inherit' }).status ?? 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
