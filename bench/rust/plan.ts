/**
 * What is compared, as the process that builds the programs tells the one that runs them: JSON in a file.
 *
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RustpatcherVersion } from '../../test/interop/support/workspaces.ts';
import type { ProgramPair } from './programs.ts';

export interface Plan {
  readonly sizeBytes: number;
  /** `Node 24.21.0`: what the Peerpatch programs carry. */
  readonly nodeName: string;
  /** A line each, from before anything was built. */
  readonly machine: readonly string[];
  /** Unsigned. */
  readonly peerpatch: ProgramPair;
  /** Path of the executable that installs a program where there is none. */
  readonly installer: string;
  /** Unsigned, newest version first. */
  readonly rustpatchers: readonly { readonly version: RustpatcherVersion; readonly programs: ProgramPair }[];
  /** Measured updates of each system on each link. */
  readonly runs: number;
}

const FILE = 'plan.json';

export async function writePlan(folder: string, plan: Plan): Promise<void> {
  await writeFile(join(folder, FILE), JSON.stringify(plan));
}

/** The plan of the same run: nobody else writes into the folder. */
export async function readPlan(folder: string): Promise<Plan> {
  return JSON.parse(await readFile(join(folder, FILE), 'utf8')) as Plan;
}
