/**
 * The interop table: every case with its direction, versions, counts and result.
 *
 * @module
 */
import type { CaseRow } from './interop-case.ts';

export interface TableRow extends CaseRow {
  readonly tests: number;
  readonly checks: number;
  readonly result: 'passed' | 'failed' | 'skipped';
}

const HEAD = ['case', 'direction', 'versions', 'tests', 'checks', 'result'];

/** Rows of the same case, direction and versions become one: as bad as the worst of them. In the order they came. */
export function mergeRows(rows: readonly TableRow[]): TableRow[] {
  const merged = new Map<string, TableRow>();
  for (const row of rows) {
    const key = [row.case, row.direction, row.versions].join('\n');
    const known = merged.get(key);
    merged.set(key, known === undefined ? row : addRow(known, row));
  }
  return [...merged.values()];
}

function addRow(a: TableRow, b: TableRow): TableRow {
  const worst = (['failed', 'skipped', 'passed'] as const).find((result) => a.result === result || b.result === result);
  return { ...a, tests: a.tests + b.tests, checks: a.checks + b.checks, result: worst ?? a.result };
}

/** A Markdown table and a line that sums it up. */
export function formatTable(rows: readonly TableRow[]): string {
  const cells = rows.map((row) => [
    row.case,
    row.direction,
    row.versions,
    String(row.tests),
    String(row.checks),
    row.result === 'passed' ? row.result : row.result.toUpperCase(),
  ]);
  const widths = HEAD.map((name, column) => Math.max(name.length, ...cells.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  const count = (result: TableRow['result']): number => rows.filter((row) => row.result === result).length;
  const total = (field: 'tests' | 'checks'): number => rows.reduce((sum, row) => sum + row[field], 0);
  const summary =
    `interop: ${rows.length} rows, ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped; ` +
    `${total('tests')} tests, ${total('checks')} checks`;
  return [line(HEAD), rule, ...cells.map(line), '', summary].join('\n');
}
