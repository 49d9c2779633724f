/**
 * What a run needs before its first case: the shim, the programs, the bundle.
 *
 * @module
 */
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { bundleChild, type Replacement } from './bundle.ts';
import type { ChildParts } from './children.ts';
import { FaultRun } from './fault-run.ts';
import { makePrograms } from './programs.ts';
import { compileShim } from './shim.ts';

/** More than four wait for the disk and for each other. */
const AT_ONCE = Math.min(4, availableParallelism());

export type SharedParts = Omit<ChildParts, 'entry' | 'replacements'>;

/** @throws where there is no compiler */
export function makeShared(folder: string): SharedParts {
  const programsFolder = join(folder, 'programs');
  mkdirSync(programsFolder);
  return { shim: compileShim(folder), programs: makePrograms(programsFolder), programsFolder };
}

/** A run over the product's code, or over a broken one. */
export async function openRun(
  folder: string,
  shared: SharedParts,
  replacements: readonly Replacement[] = [],
): Promise<FaultRun> {
  mkdirSync(folder);
  const entry = join(folder, 'child.mjs');
  await bundleChild(entry, replacements);
  return new FaultRun({ ...shared, entry, replacements }, { folder: join(folder, 'cases'), atOnce: AT_ONCE });
}
