/**
 * What the preconditions of an install look at: a place, what is to be put there, and the system around it.
 *
 * @module
 */
import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { endianness } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Machine } from '../../../core/install/machine-fit.ts';
import type { InstallPlan } from '../../../ports/program.ts';

/** Of this process. */
export interface ThisSystem extends Machine {
  /** Whose permissions count; undefined where users have no numbers. */
  readonly uid: number | undefined;
  /** What the lists of package managers stand below. */
  readonly root: string;
}

export interface Place {
  /** Real path of the program, or of a file to make. */
  readonly target: string;
  readonly folder: string;
  /** What is there now; undefined: nothing, and the file is to be made. */
  readonly program: Stats | undefined;
  readonly plan: InstallPlan;
  readonly system: ThisSystem;
}

/** One thing that must be right. @throws PeerpatchError with the fix, and the system's errors */
export type Precondition = (place: Place) => Promise<void> | void;

export const OWN_SYSTEM: ThisSystem = {
  platform: process.platform,
  arch: process.arch,
  isLittleEndian: endianness() === 'LE',
  uid: process.geteuid?.(),
  root: '/',
};

/** @throws the system's errors: there is no program */
export async function programPlace(path: string, plan: InstallPlan, system: ThisSystem): Promise<Place> {
  const target = await realpath(path);
  const program = await stat(target);
  if (!program.isFile()) throw Object.assign(new Error(`${target} is not a file`), { code: 'ENOENT' });
  return { target, folder: dirname(target), program, plan, system };
}

/** @throws the system's errors: there is no such folder */
export async function newPlace(path: string, plan: InstallPlan, system: ThisSystem): Promise<Place> {
  const target = resolve(path);
  return { target, folder: await realpath(dirname(target)), program: undefined, plan, system };
}
