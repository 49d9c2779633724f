/**
 * Programs that npm packages carry, kept in .cache: npm checks each package against the hash the registry gives.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { access, chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const DOWNLOAD_TIMEOUT_MS = 120_000;

export interface NpmBinary {
  /** For linux-x64, without scripts that matter. */
  readonly name: string;
  readonly version: string;
  /** The program inside the package. */
  readonly path: string;
  /** Folder to keep it in. */
  readonly cache: string;
}

/** Path of the program. Where it cannot be had, one line says so and it is undefined: tests with it are to be skipped. */
export async function npmBinary({ name, version, path, cache }: NpmBinary): Promise<string | undefined> {
  const what = `${name} ${version}`;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    skip(what, `it is for linux-x64, this is ${process.platform}-${process.arch}`);
    return undefined;
  }
  const folder = join(cache, version);
  const program = join(folder, 'package', path);
  if (await exists(program)) return program;
  await mkdir(dirname(folder), { recursive: true });
  const unpacked = await mkdtemp(`${folder}-`);
  try {
    const args = ['pack', '--silent', '--pack-destination', unpacked, `${name}@${version}`];
    const { stdout } = await run('npm', args, { timeout: DOWNLOAD_TIMEOUT_MS });
    const tarball = join(unpacked, basename(stdout.trim()));
    await run('tar', ['-xzf', tarball, '-C', unpacked, `package/${path}`]);
    await chmod(join(unpacked, 'package', path), 0o755);
    await rm(tarball);
    // Whole or not at all; another test may have been faster.
    await rename(unpacked, folder).catch((error: unknown) => {
      if (!['EEXIST', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    });
    return program;
  } catch (error) {
    skip(what, (error as Error).message.split('\n', 1)[0] ?? '');
    return undefined;
  } finally {
    await rm(unpacked, { recursive: true, force: true });
  }
}

function skip(what: string, reason: string): void {
  process.stderr.write(`SKIPPED: tests with ${what}: ${reason}\n`);
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
