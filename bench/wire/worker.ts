/**
 * The measuring half of wire.ts, started by it at the seeder's end of the cable: one update by delta, every frame recorded.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { atUpdater, CABLE, ROUTER, SEEDER, UPDATER } from '../rust/two-ends.ts';
import { openWorld } from '../rust/world.ts';
import { watchUpdate } from '../update-run.ts';
import { captureCable } from './capture.ts';
import { wireFigures } from './figures.ts';

/** Until the copy has closed the connection. */
const CLOSING_MS = 500;

const [folder = ''] = process.argv.slice(2);
const world = await openWorld();
try {
  const capture = await captureCable(CABLE, join(folder, 'cable.pcap'));
  const run = await watchUpdate({
    programs: { old: join(folder, 'old/host'), new: join(folder, 'new/host') },
    folder,
    bootstrap: [`${ROUTER}:6881`],
    seederHost: SEEDER,
    updaterHost: UPDATER,
    atUpdater,
    beforeEnd: () => delay(CLOSING_MS),
  });
  if (run.way !== 'delta') throw new Error(`it went another way: ${String(run.way)}`);
  const figures = wireFigures(await capture.end(), run);
  await writeFile(join(folder, 'figures.json'), JSON.stringify(figures));
} finally {
  await world.close();
}
