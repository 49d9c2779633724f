/**
 * How long a 150 MB program takes from the record that was seen to the replaced file where it comes as one file, the transfer
 * itself left out. With a statement: stated.ts.
 *
 * @module
 */
import type { BenchRow, Target } from './rows.ts';
import { PREFLIGHT_NOTE, runUpdate } from './update-run.ts';

export async function benchReplace(): Promise<BenchRow[]> {
  const run = await runUpdate({ kind: 'v0', node: process.execPath });
  const beforeMs = run.firstAtMs - run.foundAtMs;
  const afterMs = run.installedAtMs - run.lastAtMs;
  const row = (what: string, target: Target, measured: number, unit = 'ms'): BenchRow => {
    return { what: `v0 update of a 150 MB program: ${what}`, target, measured, unit };
  };
  return [
    {
      ...row('record seen to program replaced, without the transfer', '<= 1000', beforeMs + afterMs),
      note: 'hash and signature are checked while the bytes arrive, so that what is left is the connection, the sync to disk, the preflight and the rename',
    },
    row('of it, to the first byte', 'reported', beforeMs),
    row('of it, from the last byte', 'reported', afterMs),
    { ...row('of that, the preflight', 'reported', run.preflightMs), note: PREFLIGHT_NOTE },
    row('the look at the DHT before it', 'reported', run.foundAtMs - run.lookedAtMs),
    row('the transfer', 'reported', (run.lastAtMs - run.firstAtMs) / 1000, 's'),
  ];
}
