/**
 * The table at the end: matrix, cases, passed, failed, skipped.
 *
 * @module
 */
import type { MatrixResult } from './fault-run.ts';

const HEAD = ['matrix', 'cases', 'passed', 'failed', 'skipped', 'counted'] as const;
/** Of a matrix that fails everywhere the first tell enough. */
const SHOWN_FAILURES = 8;

export function formatTable(matrices: readonly MatrixResult[]): string {
  const rows = matrices.map(({ matrix, results, skipped = [], note = '' }) => {
    const failed = failedOf(results).length;
    const counts = [results.length, results.length - failed, failed, skipped.length];
    return [matrix, ...counts.map(String), note];
  });
  const sum = (column: number): string => String(rows.reduce((total, row) => total + Number(row[column]), 0));
  return formatColumns([[...HEAD], ...rows, ['all', sum(1), sum(2), sum(3), sum(4), '']]);
}

/** One line each: who reads the end of a run has to see them. */
export function formatSkipped(matrices: readonly MatrixResult[]): string {
  return matrices
    .flatMap(({ matrix, skipped = [] }) => skipped.map((reason) => `SKIPPED: ${matrix}: ${reason}`))
    .join('\n');
}

/** Columns as wide as they have to be; those of numbers to the right. */
export function formatColumns(lines: readonly (readonly string[])[]): string {
  const columns = lines[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  const isNumber = widths.map((_, column) => lines.slice(1).every((line) => /^\d+$/.test(line[column] ?? '')));
  const cell = (text: string, column: number): string =>
    isNumber[column] === true ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0);
  return lines.map((line) => line.map(cell).join('  ').trimEnd()).join('\n');
}

export function formatFailures(matrices: readonly MatrixResult[]): string {
  return matrices
    .flatMap(({ matrix, results }) => {
      const failed = failedOf(results);
      const shown = failed
        .slice(0, SHOWN_FAILURES)
        .flatMap(({ name, problems }) => [
          `FAILED: ${matrix}: ${name}`,
          ...problems.map((problem) => `    ${problem}`),
        ]);
      return failed.length > SHOWN_FAILURES
        ? [...shown, `    and ${failed.length - SHOWN_FAILURES} more of ${matrix}`]
        : shown;
    })
    .join('\n');
}

export function failedOf(results: MatrixResult['results']): MatrixResult['results'] {
  return results.filter(({ problems }) => problems.length > 0);
}
