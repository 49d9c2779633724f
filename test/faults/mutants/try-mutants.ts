/**
 * Breaks one step of the product after the other and lets the matrices look: each has to be noticed.
 *
 * @module
 */
import { join } from 'node:path';
import { chosenMatrices, type Matrix } from '../matrices/all.ts';
import { openRun, type SharedParts } from '../support/setup.ts';
import { failedOf, formatColumns } from '../support/table.ts';
import { MUTANTS, type Mutant } from './mutant-list.ts';

interface Notice {
  readonly mutant: Mutant;
  readonly matrix: string | undefined;
  readonly failed: string;
  readonly first: string;
}

/** @returns whether every one of them was noticed */
export async function tryMutants(folder: string, shared: SharedParts, filters: readonly string[]): Promise<boolean> {
  const notices: Notice[] = [];
  const sound = await openRun(join(folder, 'sound'), shared);
  const isSound = new Map<string, boolean>();
  /** A matrix that fails anyhow notices nothing. */
  const passesOtherwise = async ({ name, carryOut }: Matrix): Promise<boolean> => {
    const known =
      isSound.get(name) ??
      (await carryOut(sound).then(
        ({ results }) => failedOf(results).length === 0,
        () => false,
      ));
    isSound.set(name, known);
    return known;
  };
  for (const mutant of MUTANTS.filter(
    ({ name }) => filters.length === 0 || filters.some((each) => name.includes(each)),
  )) {
    const notice = await tryMutant(join(folder, `mutant-${notices.length}`), shared, { mutant, passesOtherwise });
    notices.push(notice);
    console.error(`${notice.matrix === undefined ? 'NOT NOTICED' : 'noticed'}: ${mutant.name}`);
  }
  sound.end();
  const rows = notices.map(({ mutant, matrix, failed, first }) => [mutant.name, matrix ?? 'NOTHING', failed, first]);
  console.log(formatColumns([['broken step', 'noticed by', 'failed', 'for example'], ...rows]));
  return notices.every(({ matrix }) => matrix !== undefined);
}

interface Trial {
  readonly mutant: Mutant;
  readonly passesOtherwise: (matrix: Matrix) => Promise<boolean>;
}

/** Ends with the first matrix that notices it. */
async function tryMutant(folder: string, shared: SharedParts, { mutant, passesOtherwise }: Trial): Promise<Notice> {
  const run = await openRun(folder, shared, mutant.replacements);
  try {
    for (const matrix of chosenMatrices(mutant.matrices)) {
      const { name, carryOut } = matrix;
      const { results } = await carryOut(run).catch((error: unknown) => ({
        results: [{ name: 'the scene', problems: [(error as Error).message] }],
      }));
      const failed = failedOf(results);
      const [first] = failed;
      if (first === undefined) continue;
      if (!(await passesOtherwise(matrix))) {
        console.error(`${name} fails without a broken step: it cannot notice one`);
        continue;
      }
      const example = `${first.name}: ${first.problems[0] ?? ''}`.slice(0, 200);
      return { mutant, matrix: name, failed: `${failed.length} of ${results.length}`, first: example };
    }
    return { mutant, matrix: undefined, failed: '', first: '' };
  } finally {
    run.end();
  }
}
