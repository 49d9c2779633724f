/**
 * One figure of a benchmark, and whether it reaches its target.
 *
 * @module
 */

/** The bound the figure should keep, in its own unit; `reported` figures have none. */
export type Target = 'reported' | `<= ${number}` | `>= ${number}`;

export interface BenchRow {
  readonly what: string;
  readonly target: Target;
  readonly measured: number;
  readonly unit: string;
  /** One sentence: what the figure is made of, or what bounds it. */
  readonly note?: string;
}

export type Verdict = 'met' | 'missed' | 'reported';

export function verdictOf({ target, measured }: BenchRow): Verdict {
  if (target === 'reported') return 'reported';
  const bound = Number(target.slice(3));
  return (target.startsWith('<=') ? measured <= bound : measured >= bound) ? 'met' : 'missed';
}

export const ROW_HEADER: readonly string[] = ['figure', 'target', 'measured', 'verdict'];

/** The row as it is shown, in the order of `ROW_HEADER`. A figure that is not a number could not be measured. */
export function rowCells(row: BenchRow): readonly string[] {
  const { what, target, measured, unit } = row;
  const bound = target === 'reported' ? '–' : `${target.replace('<=', '≤').replace('>=', '≥')} ${unit}`;
  const figure = Number.isNaN(measured) ? 'not measured' : `${measured.toFixed(1)} ${unit}`;
  return [what, bound, figure, verdictOf(row)];
}

/** The same figures measured several times: the median of each, in the order of the first time. */
export function medianRows(runs: readonly (readonly BenchRow[])[]): readonly BenchRow[] {
  const [first = []] = runs;
  return first.map((row) => {
    const same = runs.flatMap((rows) => rows.filter(({ what }) => what === row.what));
    return { ...row, measured: median(same.map(({ measured }) => measured)) };
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? NaN;
  return (lower + upper) / 2;
}
