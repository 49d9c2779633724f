/**
 * The crash matrix: new versions that die, hang, lie or cannot be started. Its cases are the tests of the tier `crash`, on real
 * executables; here they are run and counted.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { CaseResult, MatrixResult } from '../support/fault-run.ts';

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

const ROOT = join(import.meta.dirname, '../../..');

/** @param folder path of a folder that is not there yet */
export async function crashMatrix(folder: string): Promise<Omit<MatrixResult, 'matrix'>> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'report.json');
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const args = [vitest, 'run', '--project', 'crash', '--reporter=json', `--outputFile=${file}`];
  const tests = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  await once(tests, 'exit');
  const { testResults } = JSON.parse(readFileSync(file, 'utf8')) as Report;
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  const run = all.filter(({ status }) => status === 'passed' || status === 'failed');
  const results = run.map(({ fullName, status, failureMessages }): CaseResult => ({
    name: fullName.trim(),
    problems: status === 'passed' ? [] : [failureMessages.join(' / ') || 'failed'],
  }));
  if (results.length === 0) throw new Error('no case of the crash tier was run');
  const skipped = all.filter((each) => !run.includes(each)).map(({ fullName }) => fullName.trim());
  return { results, skipped, note: 'real executables' };
}
