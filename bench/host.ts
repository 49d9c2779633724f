/**
 * What the host feels of its agent: its event loop and the memory of its process while 150 MB are fetched and served as one
 * file. With a statement: stated.ts.
 *
 * For the running Node and, where it can be had, a newer one.
 *
 * @module
 */
import { nodesUnderTest } from '../test/e2e/support/node-binaries.ts';
import type { BenchRow, Target } from './rows.ts';
import { runUpdate } from './update-run.ts';

const MIB = 1024 ** 2;
const MAX_NODES = 2;
const DELAY_NOTE =
  'about 1 ms of it is the interval the loop is looked at; the main thread gets one message for each percent, the rest is competition for cores, since both sides run here';
const RSS_NOTE = 'the whole process, host and agent, from the look that finds the record to the replaced file';

export async function benchHost(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const { name, path } of (await nodesUnderTest()).slice(0, MAX_NODES)) {
    const { fetching, serving, idle } = await runUpdate({ kind: 'v0', node: path });
    const row = (what: string, target: Target, measured: number, unit: string, note?: string): BenchRow => {
      return { what: `host on ${name}: ${what}`, target, measured, unit, ...(note !== undefined && { note }) };
    };
    rows.push(
      row('event-loop delay p99 while its agent downloads 150 MB', '<= 10', fetching.delayP99Ms, 'ms', DELAY_NOTE),
      row('event-loop delay p99 while its agent serves 150 MB', '<= 10', serving.delayP99Ms, 'ms', DELAY_NOTE),
      row('event-loop delay p99 while its agent is idle', 'reported', idle.delayP99Ms, 'ms'),
      row('longest event-loop delay while downloading', 'reported', fetching.delayMaxMs, 'ms'),
      row('longest event-loop delay while serving', 'reported', serving.delayMaxMs, 'ms'),
      row('RSS growth of the process during the download', '<= 64', fetching.rssGrowthBytes / MIB, 'MiB', RSS_NOTE),
      row('RSS growth of the process while serving', 'reported', serving.rssGrowthBytes / MIB, 'MiB'),
    );
  }
  return rows;
}
