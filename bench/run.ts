/**
 * Runs the benchmarks and prints their figures; a run of all of them writes bench/results.md.
 *
 *   npm run bench                    all: about a quarter of an hour, ten minutes of it idle
 *   npm run bench -- dht sign        these alone: printed, not written
 *
 * What stands in results.md about other systems (rust/run.ts) stays as it is.
 *
 * BENCH_RUNS: how often each is run, the medians count; default 3. BENCH_IDLE_MINUTES: how long the idle agent is watched;
 * default 10.
 *
 * @module
 */
import { table } from '../demo/screen.ts';
import { benchDht } from './dht.ts';
import { benchHost } from './host.ts';
import { benchIdle } from './idle.ts';
import { machineFacts } from './machine.ts';
import { benchReplace } from './replace.ts';
import { writeResults } from './results-file.ts';
import { medianRows, verdictOf, type BenchRow } from './rows.ts';
import { benchSign } from './sign.ts';
import { benchTransfer } from './transfer.ts';

interface Bench {
  readonly run: () => Promise<readonly BenchRow[]>;
  /** Long enough by itself. */
  readonly once?: boolean;
}

const BENCHES: Readonly<Record<string, Bench>> = {
  dht: { run: benchDht },
  sign: { run: benchSign },
  transfer: { run: benchTransfer },
  host: { run: benchHost },
  replace: { run: benchReplace },
  idle: { run: benchIdle, once: true },
};
const DEFAULT_RUNS = 3;
const HEADER = ['figure', 'target', 'measured', ''];

const runs = Number(process.env['BENCH_RUNS'] ?? DEFAULT_RUNS);
const named = process.argv.slice(2);
const unknown = named.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(', ')}: there are ${Object.keys(BENCHES).join(', ')}`);
  process.exitCode = 2;
} else await benchAll();

async function benchAll(): Promise<void> {
  const machine = machineFacts();
  const rows: BenchRow[] = [];
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (named.length > 0 && !named.includes(name)) continue;
    const results: (readonly BenchRow[])[] = [];
    for (let run = 0; run < (bench.once === true ? 1 : runs); run++) {
      console.error(`${name}, run ${String(run + 1)}`);
      results.push(await bench.run());
    }
    rows.push(...medianRows(results));
  }
  console.log(`\n${table([HEADER, ...rows.map(cells)])}\n`);
  const missed = rows.filter((row) => verdictOf(row) === 'missed');
  console.log(missed.length === 0 ? 'every target is met' : `missed: ${String(missed.length)}`);
  if (named.length > 0) return;
  await writeResults('peerpatch', document(rows, machine));
}

function cells(row: BenchRow): string[] {
  const { what, target, measured, unit } = row;
  const verdict = verdictOf(row);
  const bound = target === 'reported' ? '–' : `${target.replace('<=', '≤').replace('>=', '≥')} ${unit}`;
  return [what, bound, `${measured.toFixed(1)} ${unit}`, verdict];
}

function document(rows: readonly BenchRow[], machine: readonly string[]): readonly string[] {
  const line = (row: readonly string[]): string => `| ${row.join(' | ')} |`;
  const header = ['figure', 'target', 'measured', 'verdict'];
  const notes = rows.filter(({ note }) => note !== undefined);
  return [
    `Written by \`npm run bench\`. Each figure is the median of ${String(runs)} runs, the idle agent's come from one.`,
    '',
    ...machine.map((fact) => `- ${fact}`),
    '',
    line(header),
    line(header.map(() => '---')),
    ...rows.map((row) => line(cells(row))),
    '',
    '## Notes',
    '',
    ...notes.map(({ what, note }) => `- ${what}: ${note ?? ''}`),
    '',
  ];
}
