/**
 * Makes the owner's key, a project, and signed releases of it with the same commands an owner types.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { programName } from '../test/support/program-name.ts';

const ROOT = join(import.meta.dirname, '..');
const CLI = join(ROOT, 'dist/cli/main.js');
const ENTRY = join(ROOT, 'examples/hello/app.ts');
/** What the owner changes in the example between two releases. */
const EDIT = {
  from: `say({ type: 'hello' }, 'hello');`,
  to: `const minutes = Math.round(process.uptime() / 60);
    say({ type: 'hello', minutes }, minutes > 1 ? \`hello, for \${String(minutes)} minutes now\` : 'hello');`,
};

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

/** A project folder with the example in it, and this package installed. Returns the folder. */
export async function createProject(folder: string): Promise<string> {
  const project = join(folder, 'project');
  await mkdir(join(project, 'node_modules'), { recursive: true });
  await symlink(ROOT, join(project, 'node_modules/peerpatch'), 'junction'); // what Windows allows everybody
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'hello', type: 'module' }));
  await copyFile(ENTRY, join(project, 'app.ts'));
  return project;
}

/** Changes a few lines of the example. */
export async function editProject(project: string): Promise<void> {
  const path = join(project, 'app.ts');
  const source = await readFile(path, 'utf8');
  if (!source.includes(EDIT.from)) throw new Error(`${ENTRY} does not say: ${EDIT.from}`);
  await writeFile(
    path,
    source.replace(EDIT.from, () => EDIT.to),
  );
}

export interface ReleaseOptions {
  readonly project: string;
  readonly version: string;
  readonly keyFile: string;
  /** The Node binary to build with. */
  readonly node: string;
  /** The release before: a delta is made from it. */
  readonly previous?: string;
}

export interface DemoRelease {
  /** Path of the program. */
  readonly program: string;
  readonly sizeBytes: number;
  /** Of the delta from `previous`, when there is one. */
  readonly deltaBytes: number | undefined;
}

/** Builds and signs the project as it is now as one version. */
export async function createRelease(options: ReleaseOptions): Promise<DemoRelease> {
  const { project, version, keyFile, node, previous } = options;
  const program = join(project, programName(`hello-${version}`));
  const entry = join(project, 'app.ts');
  await peerpatch('build', entry, '--out', program, '--app-version', version, '--node', node);
  const from = previous === undefined ? [] : ['--previous', previous];
  const signed = await peerpatch('sign', program, '--key-file', keyFile, ...from);
  const [delta] = signed['deltas'] as readonly { readonly sizeBytes: number }[];
  return { program, sizeBytes: Number(signed['sizeBytes']), deltaBytes: delta?.sizeBytes };
}
