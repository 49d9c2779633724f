/**
 * How long a 150 MB program takes from the record that was seen to the replaced file, the transfer itself left out.
 *
 * @module
 */
import type { BenchRow, Target } from './rows.ts';
import { runUpdate } from './update-run.ts';

export async function benchReplace(): Promise<BenchRow[]> {
  const { lookMs, beforeTransferMs, transferMs, afterTransferMs } = await runUpdate(process.execPath);
  const row = (what: string, target: Target, measured: number, unit = 'ms'): BenchRow => {
    return { what: `update of a 150 MB program: ${what}`, target, measured, unit };
  };
  return [
    {
      ...row('record seen to program replaced, without the transfer', '<= 1000', beforeTransferMs + afterTransferMs),
      note: 'hash and signature are checked while the bytes arrive, so that what is left is the connection, the sync to disk and the rename',
    },
    row('of it, to the first byte', 'reported', beforeTransferMs),
    row('of it, from the last byte', 'reported', afterTransferMs),
    row('the look at the DHT before it', 'reported', lookMs),
    row('the transfer', 'reported', transferMs / 1000, 's'),
  ];
}
