/**
 * `npm run test:interop`: builds the Rust peers, runs each file of cases on a machine of its own, and prints one table.
 *
 * A machine is a network namespace: the names of the public DHT's routers and the name server are the test's own, nothing
 * leaves it, and all of it is gone at the end. Most cases wait for rustpatcher's timers, so a few files run at the same
 * time. They also depend on them: a file that fails is run once more, alone, and the end says so. Where the crates cannot
 * be built, or no namespace can be made, one line says so and the run ends well; a failure anywhere else is a failure.
 * Arguments choose files: `npm run test:interop -- slots live`.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isolated, whyNotIsolated } from './support/namespace.ts';
import { formatTable, mergeRows, type TableRow } from './support/table.ts';
import { buildWorkspaces, whyNotBuildable } from './support/workspaces.ts';

const HERE = import.meta.dirname;
const VITEST = join(HERE, '../../node_modules/vitest/vitest.mjs');
const REPORTER = join(HERE, 'support/table-reporter.ts');
const VITEST_OPTIONS = ['--project', 'interop', '--reporter', 'default', '--reporter', REPORTER];
const MACHINES = Math.min(3, availableParallelism());
/** Those that take minutes, so that none of them is started last. */
const LONGEST = [
  'slots',
  'live-relay',
  'hostile-program',
  'hostile-publish',
  'live-update',
  'live-refused',
  'live-migrate',
];

const folder = mkdtempSync(join(tmpdir(), 'peerpatch-interop-'));
try {
  const missing = whyNotBuildable() ?? whyNotIsolated(mkdtempSync(join(folder, 'probe-')));
  if (missing === undefined) process.exitCode = await runCases(process.argv.slice(2));
  else console.warn(`SKIPPED: interop with the Rust crates, because ${missing}`);
} finally {
  rmSync(folder, { recursive: true });
}

async function runCases(filters: readonly string[]): Promise<number> {
  buildWorkspaces();
  const files = caseFiles(filters);
  if (files.length === 0) throw new Error(`no file of cases has ${filters.join(' or ')} in its name`);
  const waiting = [...files];
  const outcomes = new Map<string, FileOutcome>();
  const machines = Array.from({ length: MACHINES }, async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift())
      outcomes.set(file, await runFile(file));
  });
  await Promise.all(machines);
  const again = files.filter((file) => outcomes.get(file)?.passed === false);
  for (const file of again) outcomes.set(file, await runFile(file));

  const inOrder = files.toSorted().map((file) => outcomes.get(file));
  const rows = mergeRows(inOrder.flatMap((outcome) => outcome?.rows ?? []));
  console.log(`\n${formatTable(rows)}`);
  // Of a long log the end is what people see first.
  for (const row of rows.filter(({ result }) => result === 'failed'))
    console.error(`FAILED: ${row.case} (${row.direction}; ${row.versions})`);
  if (again.length > 0) console.warn(`WARNING: needed a second run: ${again.join(', ')}`);
  return inOrder.every((outcome) => outcome?.passed === true) ? 0 : 1;
}

interface FileOutcome {
  readonly passed: boolean;
  readonly rows: readonly TableRow[];
}

async function runFile(name: string): Promise<FileOutcome> {
  const own = mkdtempSync(join(folder, `${name}-`));
  const rowsFile = join(own, 'rows.json');
  const vitest = [process.execPath, VITEST, 'run', ...VITEST_OPTIONS, join('test/interop', `${name}.test.ts`)];
  const [command, ...args] = isolated(own, vitest);
  const env = { ...process.env, PEERPATCH_INTEROP_ROWS: rowsFile };
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => output.push(bytes));
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  // Each file's output in one piece.
  process.stdout.write(`\n== ${name}\n${Buffer.concat(output).toString()}`);
  if (status !== 0) console.error(`== ${name} FAILED`);
  return { passed: status === 0, rows: readRows(rowsFile) };
}

/** None where the run ended before its report: its status says that it failed. */
function readRows(file: string): readonly TableRow[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as readonly TableRow[];
  } catch {
    return [];
  }
}

/** Names without `.test.ts`, the longest-running first. */
function caseFiles(filters: readonly string[]): string[] {
  const rank = (name: string): number => (LONGEST.includes(name) ? LONGEST.indexOf(name) : LONGEST.length);
  return readdirSync(HERE)
    .filter((entry) => entry.endsWith('.test.ts'))
    .map((entry) => entry.slice(0, -'.test.ts'.length))
    .filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter)))
    .toSorted((a, b) => rank(a) - rank(b));
}
