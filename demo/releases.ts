/**
 * Makes the owner's key and two signed releases with the same commands an owner types.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const CLI = join(import.meta.dirname, '../dist/cli/main.js');
const ENTRY = join(import.meta.dirname, '../examples/hello/app.ts');

/** Runs one `peerpatch` command and returns what it reports with `--json`. */
export async function peerpatch(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...args, '--json']);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** Makes a key pair in `folder`. Returns the public key and the file with the secret one. */
export async function createOwner(folder: string): Promise<{ publicKey: string; keyFile: string }> {
  const keyFile = join(folder, 'owner_signing_key');
  const { publicKey } = await peerpatch('gen', keyFile);
  return { publicKey: String(publicKey), keyFile };
}

export interface ReleaseOptions {
  readonly folder: string;
  readonly version: string;
  readonly keyFile: string;
  /** The Node binary to build with. */
  readonly node: string;
}

/** Builds and signs the example as one version. Returns the path of the program. */
export async function createRelease({ folder, version, keyFile, node }: ReleaseOptions): Promise<string> {
  const program = join(folder, `hello-${version}`);
  await peerpatch('build', ENTRY, '--out', program, '--app-version', version, '--node', node);
  await peerpatch('sign', program, '--key-file', keyFile);
  return program;
}
