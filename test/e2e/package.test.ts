/**
 * The package as its users get it: packed, installed into an empty folder, its command run, its types compiled.
 *
 * Installing takes a registry; where there is none one line says so and the tests are skipped.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const PROJECT = join(import.meta.dirname, '../..');
const INSTALL_TIMEOUT_MS = 180_000;

const folder = await realpath(await mkdtemp(join(tmpdir(), 'peerpatch-test-')));
const app = join(folder, 'app');
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** What `npm pack` put into the package, by path. */
const packed = await pack();
const installed = await install();

async function pack(): Promise<{ tarball: string; files: readonly string[] }> {
  const { stdout } = await run('npm', ['pack', '--json', '--silent', '--pack-destination', folder], { cwd: PROJECT });
  const [made] = JSON.parse(stdout.slice(stdout.indexOf('['))) as { filename: string; files: { path: string }[] }[];
  if (made === undefined) throw new Error('npm pack made nothing');
  return { tarball: join(folder, made.filename), files: made.files.map(({ path }) => path) };
}

async function install(): Promise<boolean> {
  await mkdir(app);
  const manifest = { name: 'few-lines', version: '1.0.0', private: true, type: 'module' };
  await writeFile(join(app, 'package.json'), JSON.stringify(manifest));
  try {
    const args = ['install', '--silent', '--no-audit', '--no-fund', packed.tarball];
    await run('npm', args, { cwd: app, timeout: INSTALL_TIMEOUT_MS });
    return true;
  } catch (error) {
    process.stderr.write(
      `SKIPPED: tests of the installed package: ${(error as Error).message.split('\n', 1)[0] ?? ''}\n`,
    );
    return false;
  }
}

/** The installed command, and what it prints with `--json`. */
async function peerpatch(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout } = await run('npx', ['--no-install', 'peerpatch', ...args, '--json'], { cwd: app });
  return JSON.parse(stdout) as Record<string, unknown>;
}

it('the package holds what is built and the pages a user reads, and nothing else', () => {
  const others = packed.files.filter((path) => !path.startsWith('dist/')).sort();
  expect(others).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json']);
  expect(packed.files).toEqual(
    expect.arrayContaining([
      'dist/index.js',
      'dist/index.d.ts',
      'dist/cli/main.js',
      'dist/testing/index.js',
      'dist/start/thread/agent-main.js',
    ]),
  );
});

describe.runIf(installed)('the installed package', () => {
  it('makes, signs and verifies an executable of a few lines, which runs', async () => {
    const { publicKey } = await peerpatch('gen', 'key');
    const lines = [
      `import { spawn } from 'peerpatch';`,
      `spawn({ publicKey: '${String(publicKey)}', dht: { bootstrap: ['127.0.0.1:9'] }, relay: 'none' }).then((u) => u.ready.then((state) => console.log(state, u.version)));`,
      // Nothing else to do: who waits for the updater is waited for, and nobody longer.
    ];
    await writeFile(join(app, 'main.js'), lines.join('\n'));
    expect(await peerpatch('build', 'main.js', '--out', 'program')).toMatchObject({ version: '1.0.0', warnings: [] });
    expect(await peerpatch('sign', 'program', '--key-file', 'key')).toMatchObject({ version: '1.0.0', publicKey });
    const verified = await peerpatch('verify', 'program', '--public-key', String(publicKey));
    expect(verified).toMatchObject({ version: '1.0.0' });
    const { stdout, stderr } = await run(join(app, 'program'), { cwd: folder, env: { HOME: folder } });
    expect({ stdout, stderr }).toEqual({ stdout: 'running 1.0.0\n', stderr: '' });
  });

  it('runs the program of the README', async () => {
    const readme = await readFile(join(PROJECT, 'README.md'), 'utf8');
    const { publicKey } = await peerpatch('gen', 'readme-key');
    const code = /^```ts\n(.*?)^```$/ms.exec(readme)?.[1] ?? '';
    await writeFile(join(app, 'readme.ts'), code.replace('PASTE-THE-PUBLIC-KEY-HERE', String(publicKey)));
    await peerpatch('build', 'readme.ts', '--out', 'readme', '--app-version', '1.0.0');
    await peerpatch('sign', 'readme', '--key-file', 'readme-key');
    const running = execFile(join(app, 'readme'), { cwd: folder, env: { HOME: folder } });
    try {
      let printed = '';
      running.stdout?.on('data', (text: string) => (printed += text));
      await expect.poll(() => printed, { timeout: 20_000 }).toContain('this is version 1.0.0, updater running');
      expect(running.exitCode).toBeNull();
    } finally {
      running.kill('SIGKILL');
    }
  });

  it('has types that a strict program compiles against, those of its dependencies included', async () => {
    await writeFile(
      join(app, 'consumer.ts'),
      `import { spawn, UpdaterMode, type UpdaterEvent } from 'peerpatch';
import { startPrivateDht } from 'peerpatch/testing';
const updater = await spawn({ publicKey: 'key', mode: UpdaterMode.At(3, 30) });
updater.on('installed', ({ version }: { version: string }) => version);
export const events: UpdaterEvent[] = [];
export const bootstrap: readonly string[] = (await startPrivateDht()).bootstrap;
// @ts-expect-error -- a public key is needed
await spawn({});
`,
    );
    const options = {
      target: 'es2023',
      module: 'nodenext',
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      types: ['node'],
    };
    const typeRoots = [join(PROJECT, 'node_modules/@types')];
    const config = { compilerOptions: { ...options, typeRoots }, files: ['consumer.ts'] };
    await writeFile(join(app, 'tsconfig.json'), JSON.stringify(config));
    const compiling = run(process.execPath, [join(PROJECT, 'node_modules/typescript/bin/tsc'), '-p', app]);
    const { stdout } = await compiling.catch((error: unknown) => error as { stdout: string });
    expect(stdout).toBe('');
  });

  it('knows its own version', async () => {
    const { version } = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8')) as { version: string };
    const { stdout } = await run('npx', ['--no-install', 'peerpatch', '--version'], { cwd: app });
    expect(stdout).toBe(`${version}\n`);
  });
});
