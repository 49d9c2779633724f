/**
 * Updates by statement of a 150 MB program: by delta, by the chunks that changed, and to another runtime, where most is missing,
 * without and with a delta.
 *
 * How long each takes, and what the host feels of it. For the running Node and, where it can be had, a newer one.
 *
 * @module
 */
import { nodesUnderTest } from '../test/e2e/support/node-binaries.ts';
import type { UpdateKind } from './host-program.ts';
import type { BenchRow, Target } from './rows.ts';
import { PREFLIGHT_NOTE, runUpdate, type TriedUpdateRun } from './update-run.ts';

interface StatedUpdate {
  readonly kind: UpdateKind;
  readonly name: string;
  readonly way: TriedUpdateRun['way'];
  readonly target: Target;
}

const UPDATES: readonly StatedUpdate[] = [
  { kind: 'delta', name: 'a few lines changed, by delta', way: 'delta', target: '<= 1500' },
  { kind: 'chunks', name: 'a few lines changed, by chunks', way: 'chunks', target: 'reported' },
  { kind: 'runtime', name: 'another runtime, by chunks', way: 'chunks', target: 'reported' },
  { kind: 'runtime-delta', name: 'another runtime, by delta', way: 'delta', target: 'reported' },
];
const MIB = 1024 ** 2;
const MAX_NODES = 2;
const TIME_NOTE =
  'the walk in the DHT, the connection, the statement and the preflight are in it; it ends when the file is on the disk and has its name';
const RSS_NOTE = 'the highest value of the whole process, host and agent, above what it was before the look';
const RECEIVED_NOTES: Partial<Record<UpdateKind, string>> = {
  runtime: 'from the Node of the row to the other one: they have about a quarter in common, and no delta was made',
  'runtime-delta': 'from the Node of the row to the other one: major versions apart',
};

export async function benchStated(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const nodes = (await nodesUnderTest()).slice(0, MAX_NODES);
  for (const { name, path } of nodes) {
    const otherNode = nodes.find((other) => other.path !== path)?.path;
    for (const update of UPDATES) {
      if (update.kind.startsWith('runtime') && otherNode === undefined) continue;
      const run = await runUpdate({ kind: update.kind, node: path, otherNode });
      if (run.way !== update.way) throw new Error(`${update.name}: it went another way: ${String(run.way)}`);
      rows.push(...rowsOf(run, { ...update, name: `150 MB on ${name}, ${update.name}` }));
    }
  }
  return rows;
}

function rowsOf(run: TriedUpdateRun, { kind, name, target }: StatedUpdate): BenchRow[] {
  const { fetching, serving, lookedAtMs, foundAtMs, installedAtMs, receivedBytes, preflightMs } = run;
  const row = (what: string, bound: Target, measured: number, unit: string, note?: string): BenchRow => {
    return { what: `${name}: ${what}`, target: bound, measured, unit, ...(note !== undefined && { note }) };
  };
  return [
    row('look begun to program replaced', target, installedAtMs - lookedAtMs, 'ms', TIME_NOTE),
    row('of it, from `found` on', 'reported', installedAtMs - foundAtMs, 'ms'),
    row('of that, the preflight', 'reported', preflightMs, 'ms', PREFLIGHT_NOTE),
    row('payload received', 'reported', receivedBytes / 1000, 'KB', RECEIVED_NOTES[kind]),
    row('RSS growth of the process that updates', '<= 96', fetching.rssGrowthBytes / MIB, 'MiB', RSS_NOTE),
    row('RSS growth of the process that serves', 'reported', serving.rssGrowthBytes / MIB, 'MiB'),
    row('event-loop delay p99 of the host that updates', '<= 10', fetching.delayP99Ms, 'ms'),
    row('event-loop delay p99 of the host that serves', '<= 10', serving.delayP99Ms, 'ms'),
    row('longest event-loop delay of the host that updates', 'reported', fetching.delayMaxMs, 'ms'),
  ];
}
