/**
 * `npm run test:interop`: builds the Rust peers, then runs the cases on a machine of their own and prints the table.
 *
 * The machine is a network namespace: the names of the public DHT's routers and the name server are the test's own, nothing
 * leaves it, and all of it is gone at the end. Where the crates cannot be built, or no namespace can be made, it
 * says so in one line and ends well; a failure anywhere else is a failure. Arguments choose files, as vitest's filters do.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isolated, whyNotIsolated } from './support/namespace.ts';
import { buildWorkspaces, whyNotBuildable } from './support/workspaces.ts';

const REPORTER = join(import.meta.dirname, 'support/table-reporter.ts');
const VITEST_OPTIONS = ['--project', 'interop', '--reporter', 'default', '--reporter', REPORTER];

const folder = mkdtempSync(join(tmpdir(), 'peerpatch-interop-'));
try {
  const missing = whyNotBuildable() ?? whyNotIsolated(folder);
  if (missing === undefined) process.exitCode = runCases(process.argv.slice(2));
  else console.warn(`SKIPPED: interop with the Rust crates, because ${missing}`);
} finally {
  rmSync(folder, { recursive: true });
}

function runCases(filters: readonly string[]): number {
  buildWorkspaces();
  const [command, ...args] = isolated(folder, [process.execPath, vitest(), 'run', ...VITEST_OPTIONS, ...filters]);
  return spawnSync(command, args, { stdio: 'inherit' }).status ?? 1;
}

function vitest(): string {
  return join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');
}
