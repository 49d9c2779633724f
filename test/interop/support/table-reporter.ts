/**
 * Prints the interop table after the run: every case with its direction, versions, counts and result.
 *
 * @module
 */
import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';
import type { CaseRow } from './interop-case.ts';

interface Line extends CaseRow {
  passed: number;
  failed: number;
  skipped: number;
  checks: number;
}

export default class TableReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = new Map<string, Line>();
    for (const module of modules) for (const test of module.children.allTests()) addTest(lines, test);
    const table = formatTable([...lines.values()]);
    console.log(`\n${table}\n`);
    const file = process.env['PEERPATCH_INTEROP_TABLE'];
    if (file !== undefined) writeFileSync(file, `${table}\n`);
  }
}

type TestCase = ReturnType<TestModule['children']['allTests']> extends Iterable<infer T> ? T : never;

function addTest(lines: Map<string, Line>, test: TestCase): void {
  const { interop: row = { case: test.name, direction: 'ours', versions: '?' }, checks = 1 } = test.meta();
  const key = `${row.case}\n${row.direction}\n${row.versions}`;
  const line = lines.get(key) ?? { ...row, passed: 0, failed: 0, skipped: 0, checks: 0 };
  lines.set(key, line);
  const { state } = test.result();
  if (state === 'passed') {
    line.passed += 1;
    line.checks += checks;
  } else if (state === 'failed') line.failed += 1;
  else line.skipped += 1;
}

/** A Markdown table. */
function formatTable(lines: readonly Line[]): string {
  const rows = [
    ['case', 'direction', 'versions', 'tests', 'checks', 'result'],
    ...lines.map((line) => [
      line.case,
      line.direction,
      line.versions,
      String(line.passed + line.failed + line.skipped),
      String(line.checks),
      resultOf(line),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const [head, ...body] = rows.map((row) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`);
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  const failed = lines.filter((line) => resultOf(line) !== 'passed').length;
  const summary = `interop: ${lines.length} rows, ${lines.length - failed} passed, ${failed} not`;
  return [head, rule, ...body, '', summary].join('\n');
}

function resultOf({ failed, skipped }: Line): string {
  if (failed > 0) return 'FAILED';
  return skipped > 0 ? 'SKIPPED' : 'passed';
}
