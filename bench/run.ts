/**
 * Runs the benchmarks and prints their figures; a run of all of them writes bench/results.md.
 *
 *   npm run bench                    all: about half an hour, ten minutes of it idle
 *   npm run bench -- dht sign        these alone: printed, not written
 *   npm run bench -- pairs           published executables beside other delta tools: up to an hour, a part of its own
 *   npm run bench -- --pairs         all, and then the pairs
 *   npm run bench -- pairs --fresh   the other tools run again, although the sizes they reach are known
 *
 * What stands in results.md about other systems (rust/run.ts) stays as it is. More: bench/README.md.
 *
 * BENCH_RUNS: how often each is run, the medians count; default 3. BENCH_IDLE_MINUTES: how long the idle agent is watched;
 * default 10. BENCH_PAIRS: names of some pairs (`esbuild,typescript`): printed, not written.
 *
 * @module
 */
import { table } from '../demo/screen.ts';
import { benchDht } from './dht.ts';
import { benchHost } from './host.ts';
import { benchIdle } from './idle.ts';
import { machineFacts } from './machine.ts';
import { benchPairs, PAIR_NAMES, type PairsReport } from './pairs.ts';
import { pairsDocument } from './pairs/document.ts';
import { PAIR_HEADER, pairTable } from './pairs/pair-table.ts';
import { benchReplace } from './replace.ts';
import { writeResults } from './results-file.ts';
import { medianRows, ROW_HEADER, rowCells, verdictOf, type BenchRow } from './rows.ts';
import { benchSign } from './sign.ts';
import { benchStated } from './stated.ts';
import { benchTransfer } from './transfer.ts';
import { benchWire } from './wire.ts';

interface Bench {
  readonly run: () => Promise<readonly BenchRow[]>;
  /** Long enough by itself. */
  readonly once?: boolean;
}

const BENCHES: Readonly<Record<string, Bench>> = {
  dht: { run: benchDht },
  sign: { run: benchSign },
  wire: { run: benchWire },
  stated: { run: benchStated },
  transfer: { run: benchTransfer },
  host: { run: benchHost },
  replace: { run: benchReplace },
  idle: { run: benchIdle, once: true },
};
const DEFAULT_RUNS = 3;
const PAIRS = 'pairs';
const FLAGS = { pairs: '--pairs', fresh: '--fresh' } as const;

const runs = Number(process.env['BENCH_RUNS'] ?? DEFAULT_RUNS);
const words = process.argv.slice(2);
const flags = words.filter((word) => Object.values<string>(FLAGS).includes(word));
const named = words.filter((word) => !flags.includes(word));
const pairNames = process.env['BENCH_PAIRS']?.split(',') ?? PAIR_NAMES;
const problem =
  unknownName('benchmark', named, [...Object.keys(BENCHES), PAIRS]) ?? unknownName('pair', pairNames, PAIR_NAMES);
if (problem !== undefined) {
  console.error(problem);
  process.exitCode = 2;
} else {
  if (named.length === 0 || named.some((name) => name !== PAIRS)) await benchAll();
  if (named.includes(PAIRS) || flags.includes(FLAGS.pairs)) await benchThePairs();
}

function unknownName(what: string, names: readonly string[], known: readonly string[]): string | undefined {
  const unknown = names.filter((name) => !known.includes(name));
  return unknown.length === 0 ? undefined : `no ${what} ${unknown.join(', ')}: there are ${known.join(', ')}`;
}

async function benchThePairs(): Promise<void> {
  const machine = machineFacts();
  const report = await benchPairs({ names: pairNames, isFresh: flags.includes(FLAGS.fresh) });
  console.log(`\n${table([PAIR_HEADER, ...pairTable(report.results)])}\n`);
  printRows(report.rows, report.failures);
  if (pairNames.length < PAIR_NAMES.length) return;
  await writeResults('pairs', await pairsDocument(report, machine));
}

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
  printRows(rows, []);
  if (named.length > 0) return;
  await writeResults('peerpatch', document(rows, machine));
}

function printRows(rows: readonly BenchRow[], failures: PairsReport['failures']): void {
  console.log(`\n${table([ROW_HEADER, ...rows.map(rowCells)])}\n`);
  for (const failure of failures) console.log(failure);
  const missed = rows.filter((row) => verdictOf(row) === 'missed').length + failures.length;
  console.log(missed === 0 ? 'every target is met' : `missed: ${String(missed)}`);
}

function document(rows: readonly BenchRow[], machine: readonly string[]): readonly string[] {
  const line = (row: readonly string[]): string => `| ${row.join(' | ')} |`;
  const notes = rows.filter(({ note }) => note !== undefined);
  return [
    `Written by \`npm run bench\`. Each figure is the median of ${String(runs)} runs, the idle agent's come from one.`,
    '',
    'The part about other delta tools is written by `npm run bench -- pairs`; see README.md.',
    '',
    ...machine.map((fact) => `- ${fact}`),
    '',
    line(ROW_HEADER),
    line(ROW_HEADER.map(() => '---')),
    ...rows.map((row) => line(rowCells(row))),
    '',
    '## Notes',
    '',
    ...notes.map(({ what, note }) => `- ${what}: ${note ?? ''}`),
    '',
  ];
}
