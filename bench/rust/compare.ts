/**
 * The measuring half of run.ts, started by it at the seeder's end of the cable: update after update, the systems by turns, so
 * that a busy minute of the machine falls on all of them.
 *
 * @module
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeResults } from '../results-file.ts';
import { comparisonTable, formatComparison, verdicts, type LinkResults } from './comparison.ts';
import { measureUpdate, type UpdateFigures } from './measured-update.ts';
import { readPlan } from './plan.ts';
import { installing, rustpatcher, updating, type System } from './systems.ts';
import { limitCable } from './two-ends.ts';
import { openWorld } from './world.ts';

/** Mbit/s. */
const LINKS = [undefined, 100] as const;
/** Fewer say too little to be kept. */
const WRITTEN_RUNS = 5;

const [folder = ''] = process.argv.slice(2);
const plan = await readPlan(folder);
const systems: readonly System[] = [
  updating(plan.peerpatch),
  installing(plan.peerpatch.new, plan.installer),
  ...plan.rustpatchers.map(({ version, programs }) => rustpatcher(version, programs)),
];
const homes = { seeder: join(folder, 'seeder-home'), updater: join(folder, 'updater-home') };
for (const home of Object.values(homes)) await mkdir(home);
const world = await openWorld();
try {
  const measure = (system: System): Promise<UpdateFigures> =>
    measureUpdate(system, { world, sizeBytes: plan.sizeBytes, homes });
  for (const system of systems) {
    console.error(`warming up: ${system.name}`);
    await measure(system);
  }
  const links: LinkResults[] = [];
  for (const mbitPerSecond of LINKS) {
    if (mbitPerSecond !== undefined) limitCable(mbitPerSecond);
    const results = systems.map(({ name, isOurs }) => ({ name, isOurs, updates: [] as UpdateFigures[] }));
    for (let run = 1; run <= plan.runs; run++) {
      for (const [index, system] of systems.entries()) {
        const figures = await measure(system);
        results[index]?.updates.push(figures);
        console.error(`${system.name}, run ${run}: ${(figures.totalMs / 1000).toFixed(1)} s`);
      }
    }
    links.push({ mbitPerSecond, results });
    console.log(`\n${[...comparisonTable(results), ...verdicts(results)].join('\n')}\n`);
  }
  if (plan.runs >= WRITTEN_RUNS) await writeResults('rustpatcher', formatComparison(plan, links));
} finally {
  await world.close();
}
