/**
 * `npm run test:faults`: kills, power cuts, errors and attacks at every step of an install, and one table of them.
 *
 * Arguments choose matrices by their name or a part of it: `npm run test:faults -- kill "error: update"`. With `--mutants` each step of
 * the product is broken in turn, and the table says which matrix notices it. `--keep` leaves the folders of failed cases. Needs Linux
 * and gcc. Exit code 1 when anything failed.
 *
 * @module
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chosenMatrices } from './matrices/all.ts';
import { tryMutants } from './mutants/try-mutants.ts';
import type { CaseResult, MatrixResult } from './support/fault-run.ts';
import { makeShared, openRun } from './support/setup.ts';
import { failedOf, formatFailures, formatSkipped, formatTable } from './support/table.ts';

const filters = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'peerpatch-faults-')));
const startedAt = performance.now();
try {
  const shared = makeShared(folder);
  const isWell = process.argv.includes('--mutants') ? await tryMutants(folder, shared, filters) : await runMatrices();
  console.log(`${seconds(startedAt)} s`);
  process.exitCode = isWell ? 0 : 1;

  async function runMatrices(): Promise<boolean> {
    const run = await openRun(join(folder, 'run'), shared);
    const results: MatrixResult[] = [];
    try {
      for (const { name, carryOut } of chosenMatrices(filters)) {
        const began = performance.now();
        // A scene that does not even go well without a fault fails as a whole.
        const result = await carryOut(run).catch((error: unknown) => ({ results: [failedScene(error)] }));
        results.push({ ...result, matrix: name });
        const failures = formatFailures(results.slice(-1));
        if (failures !== '') console.error(failures);
        console.error(`${seconds(began).padStart(5)} s  ${name}`);
      }
    } finally {
      run.end();
    }
    console.error(`\n${formatFailures(results)}`);
    console.log(formatTable(results));
    const skipped = formatSkipped(results);
    if (skipped !== '') console.log(skipped);
    return results.every((result) => failedOf(result.results).length === 0);
  }
} finally {
  if (process.argv.includes('--keep')) console.error(folder);
  else rmSync(folder, { recursive: true, force: true });
}

function failedScene(error: unknown): CaseResult {
  return { name: 'the scene', problems: [error instanceof Error ? (error.stack ?? error.message) : String(error)] };
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}
