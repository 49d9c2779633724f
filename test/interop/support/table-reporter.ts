/**
 * Writes the rows of a run to the file that `PEERPATCH_INTEROP_ROWS` names, for the table that run.ts prints.
 *
 * @module
 */
import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';
import type { TableRow } from './table.ts';

export default class TableReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const path = process.env['PEERPATCH_INTEROP_ROWS'];
    if (path === undefined) return;
    const rows = modules.flatMap((module) => [...module.children.allTests()].map(rowOf));
    writeFileSync(path, JSON.stringify(rows));
  }
}

type TestCase = ReturnType<TestModule['children']['allTests']> extends Iterable<infer T> ? T : never;

function rowOf(test: TestCase): TableRow {
  const { interop = { case: test.name, direction: 'ours', versions: '?' }, checks = 1 } = test.meta();
  const { state } = test.result();
  const passed = state === 'passed';
  return {
    ...interop,
    tests: 1,
    checks: passed ? checks : 0,
    result: passed || state === 'failed' ? state : 'skipped',
  };
}
