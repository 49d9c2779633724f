/**
 * The demo: one owner, two releases, four running copies, no server. Everything is real: executables, UDP, QUIC.
 *
 * Makes a key, builds and signs the example as 1.0.0 and 1.1.0, starts a private DHT on loopback, three copies of 1.0.0
 * and one of 1.1.0, and watches the three become 1.1.0. Checks what it shows; any deviation ends it with exit code 1.
 *
 *   npm run demo [-- --node <path of another Node binary>]
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPrivateDht } from '../src/testing/private-dht.ts';
import { Copy } from './copy.ts';
import { deviationsOf, type Expectation } from './deviations.ts';
import { createOwner, createRelease } from './releases.ts';
import { createScreen, megabytes, table } from './screen.ts';
import { describe } from './story.ts';

const TIME_LIMIT_MS = 90_000;
const DHT_NODES = 20;
const OLD = '1.0.0';
const NEW = '1.1.0';
const HEADER = ['copy', 'from', 'to', 'found after', 'bytes', 'total time', 'PID kept'];

const { values: flags } = parseArgs({ options: { node: { type: 'string', default: process.execPath } } });
const screen = createScreen(process.stdout);
const copies: Copy[] = [];
const folder = await mkdtemp(join(tmpdir(), 'peerpatch-demo-'));
const cleanUp = async (): Promise<void> => {
  await Promise.all(copies.map((copy) => copy.end()));
  await rm(folder, { recursive: true, force: true });
};
process.once('SIGINT', () => void cleanUp().finally(() => process.exit(130)));

try {
  const deviations = await demo();
  for (const deviation of deviations) console.error(`deviation: ${deviation}`);
  process.exitCode = deviations.length === 0 ? 0 : 1;
} finally {
  await cleanUp();
}

/** Returns what was not as it should be. */
async function demo(): Promise<string[]> {
  const { publicKey, keyFile } = await createOwner(folder);
  screen.note(`owner key ${publicKey}`);
  const runtime = runtimeFacts(flags.node);
  screen.note(`building and signing ${OLD} and ${NEW} with Node ${runtime.version}`);
  const [oldProgram, newProgram] = await Promise.all(
    [OLD, NEW].map((version) => createRelease({ folder, version, keyFile, node: flags.node })),
  );
  if (oldProgram === undefined || newProgram === undefined) throw new Error('two programs were built');

  const dht = await startPrivateDht({ nodes: DHT_NODES });
  try {
    screen.note(`private DHT of ${String(DHT_NODES)} nodes on ${dht.bootstrap[0] ?? ''} and up`);
    const start = async (name: string, program: string): Promise<Expectation> => {
      const home = join(folder, name);
      await mkdir(home);
      const path = join(home, 'hello');
      await copyFile(program, path);
      const args = ['--name', name, '--greeting', 'grüß "Gott"', ''];
      const env = hostEnvironment(publicKey, dht.bootstrap, `tag of ${name}`);
      const copy = new Copy({ name, program: path, folder: home, args, env }, (self, line) => {
        const said = describe(line);
        if (said !== undefined) screen.show(self.name, said.text, said.milestone);
      });
      copies.push(copy);
      return { copy, path, home, args, env };
    };
    const updating: Expectation[] = [];
    // One after the other: a copy that is being written while another one starts cannot be started itself (ETXTBSY).
    for (const name of ['copy-1', 'copy-2', 'copy-3']) updating.push(await start(name, oldProgram));
    await until(() => updating.every(({ copy }) => copy.starts.length > 0 || copy.exited));
    screen.note(`three copies of ${OLD} run; now the owner starts one copy of ${NEW}`);
    await start('origin', newProgram);
    const origin = Date.now();

    const limit = Date.now() + TIME_LIMIT_MS;
    await until(() => updating.every(({ copy }) => isDone(copy)) || Date.now() > limit);
    screen.end();
    console.log(`\n${table([HEADER, ...updating.map(({ copy }) => row(copy, origin))])}\n`);
    return await deviationsOf(updating, { newProgram, version: NEW, keepsPid: runtime.hasExecve });
  } finally {
    await dht.close();
  }
}

function row(copy: Copy, origin: number): string[] {
  const [first, last] = [copy.starts[0], copy.starts.at(-1)];
  const seconds = (at: number | undefined): string =>
    at === undefined ? '–' : `${((at - origin) / 1000).toFixed(1)} s`;
  return [
    copy.name,
    first?.version ?? '–',
    last?.version ?? '–',
    seconds(copy.firstSeen.get('found')),
    `${megabytes(copy.receivedBytes)} MB`,
    seconds(copy.restartedAt),
    copy.restartedAt === undefined ? '–' : first?.pid === last?.pid ? 'yes' : 'no (thin parent)',
  ];
}

/** Restarted as the new version and known to be fine, or beyond hope. */
function isDone(copy: Copy): boolean {
  return copy.exited || (copy.starts.length > 1 && copy.starts.at(-1)?.version === NEW);
}

function hostEnvironment(publicKey: string, bootstrap: readonly string[], tag: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    HELLO_PUBLIC_KEY: publicKey,
    HELLO_DHT: bootstrap.slice(0, 3).join(','),
    HELLO_RELAY: 'none',
    HELLO_BIND: '127.0.0.1',
    HELLO_INTERVAL_MS: '2000',
    HELLO_EVENTS: '1',
    HELLO_TAG: tag,
  };
}

function runtimeFacts(node: string): { version: string; hasExecve: boolean } {
  const text = execFileSync(node, ['-p', 'process.version + " " + typeof process.execve'], { encoding: 'utf8' });
  const [version = '', execve = ''] = text.trim().split(' ');
  return { version, hasExecve: execve === 'function' };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 50));
}
