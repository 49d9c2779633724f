/**
 * Every matrix, by its name.
 *
 * @module
 */
import type { FaultRun, MatrixResult } from '../support/fault-run.ts';
import { SCENES } from '../scenes.ts';
import { addonMatrix } from './addon-attacks.ts';
import { attackMatrix } from './attacks.ts';
import { crashMatrix } from './crash.ts';
import { errorMatrix } from './errors.ts';
import { killMatrix } from './kill.ts';
import { killRestartMatrix } from './kill-restart.ts';
import { powerMatrix } from './power.ts';
import { restartMatrix } from './restart.ts';

export interface Matrix {
  /** `kill: update` */
  readonly name: string;
  readonly carryOut: (run: FaultRun) => Promise<Omit<MatrixResult, 'matrix'>>;
}

const BY_SCENE = { kill: killMatrix, 'power cut': powerMatrix, error: errorMatrix } as const;

export const MATRICES: readonly Matrix[] = [
  ...Object.entries(BY_SCENE).flatMap(([kind, matrix]) =>
    SCENES.filter(({ isVariant = false }) => kind !== 'error' || !isVariant).map((scene): Matrix => ({
      name: `${kind}: ${scene.name}`,
      carryOut: (run) => matrix(run, scene),
    })),
  ),
  { name: 'kill at restart, real executables', carryOut: killRestartMatrix },
  { name: 'attack: swapped and changed files', carryOut: attackMatrix },
  { name: 'attack: the folder of the addon', carryOut: addonMatrix },
  { name: 'restart', carryOut: (run) => restartMatrix(run.newRoot()) },
  { name: 'crash of the new version', carryOut: (run) => crashMatrix(run.newRoot()) },
];

/** Without filters all of them. A whole name stands for that one alone. @throws when nothing fits */
export function chosenMatrices(filters: readonly string[]): readonly Matrix[] {
  const fits = (name: string, filter: string): boolean =>
    MATRICES.some((each) => each.name === filter) ? name === filter : name.includes(filter);
  const chosen = MATRICES.filter(({ name }) => filters.length === 0 || filters.some((filter) => fits(name, filter)));
  if (chosen.length === 0) throw new Error(`no matrix has ${filters.join(' or ')} in its name`);
  return chosen;
}
