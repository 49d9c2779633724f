/**
 * The Rust peers: built by cargo from the published crates, each workspace with its own locked versions.
 *
 * Two versions of rustpatcher 0.2 cannot be locked in one workspace: cargo takes them for one. Built programs are kept in
 * `PEERPATCH_INTEROP_CACHE` (default `.cache/interop`), so that only the first run compiles the crates.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const HERE = join(import.meta.dirname, '..');
const CACHE = resolve(process.env['PEERPATCH_INTEROP_CACHE'] ?? join(HERE, '../../.cache/interop'));

/** One row of versions. `crates` are the locked ones that decide bytes. */
export interface Workspace {
  readonly name: 'rustpatcher-0.2.0' | 'rustpatcher-0.2.2' | 'current';
  /** Packages to build beside the workspace's own members: programs of the crates themselves. */
  readonly cratePrograms: readonly string[];
}

export const WORKSPACES: readonly Workspace[] = [
  { name: 'rustpatcher-0.2.0', cratePrograms: ['rustpatcher'] },
  { name: 'rustpatcher-0.2.2', cratePrograms: ['rustpatcher'] },
  { name: 'current', cratePrograms: [] },
];

/** The versions of rustpatcher that the cases run with. */
export const RUSTPATCHERS = ['0.2.0', '0.2.2'] as const;
export type RustpatcherVersion = (typeof RUSTPATCHERS)[number];

/** Path of a built program: `oracle`, `vectors`, `app-old` (1.0.0), `app-new` (1.1.0), `rustpatcher`; in `current`: `oracle`, `relay`. */
export function program(workspace: Workspace['name'], name: string): string {
  return join(CACHE, workspace, 'release', name);
}

/** Why the crates cannot be built here, or nothing. */
export function whyNotBuildable(): string | undefined {
  if (spawnSync('cargo', ['--version']).status !== 0) return 'cargo is not installed (https://rustup.rs)';
  for (const { name } of WORKSPACES) {
    const fetched = cargo(name, ['fetch', '--locked'], 'pipe');
    if (fetched.status !== 0) {
      const reason = String(fetched.stderr).trim().split('\n').slice(0, 4).join(' ');
      // A lock file that does not fit is our mistake, not a missing registry: it must not pass as a skip.
      if (reason.includes('--locked')) throw new Error(`test/interop/rust/${name}: ${reason}`);
      return `the crates of ${name} cannot be had: ${reason}`;
    }
  }
  return undefined;
}

/** Builds all programs; cargo's progress goes to stderr. */
export function buildWorkspaces(): void {
  const sources = sourcesDigest();
  for (const { name, cratePrograms } of WORKSPACES) {
    const builtFrom = join(CACHE, name, 'built-from');
    // cargo looks at the times of the files it built from, and another checkout's files are older than its programs.
    const isOurs = readIfThere(builtFrom) === sources;
    if (!isOurs && cargo(name, ['clean', '--release', ...members(name)], 'inherit').status !== 0)
      throw new Error(`cargo clean failed in test/interop/rust/${name}`);
    const runs = [['build'], ...cratePrograms.map((crate) => ['build', '--package', crate, '--bins'])];
    for (const run of runs) {
      const { status } = cargo(name, [...run, '--release', '--locked'], 'inherit');
      if (status !== 0) throw new Error(`cargo ${run.join(' ')} failed in test/interop/rust/${name}`);
    }
    writeFileSync(builtFrom, sources);
  }
}

function members(workspace: Workspace['name']): string[] {
  const entries = readdirSync(join(HERE, 'rust', workspace), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).flatMap(({ name }) => ['--package', name]);
}

/** Hex, over the names and bytes of all files that the programs are built from. */
function sourcesDigest(): string {
  const digest = createHash('sha256');
  const folder = join(HERE, 'rust');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const file of files.map(({ parentPath, name }) => join(parentPath, name)).toSorted())
    digest.update(`${relative(folder, file)}\0`).update(createHash('sha256').update(readFileSync(file)).digest());
  return digest.digest('hex');
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function cargo(workspace: Workspace['name'], args: readonly string[], stderr: 'inherit' | 'pipe') {
  return spawnSync('cargo', args, {
    cwd: join(HERE, 'rust', workspace),
    env: { ...process.env, CARGO_TARGET_DIR: join(CACHE, workspace) },
    stdio: ['ignore', 'inherit', stderr],
  });
}
