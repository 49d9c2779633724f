/**
 * The demo: one owner, two releases, four running copies, no server. Everything is real: executables, UDP, QUIC.
 *
 * Makes a key, builds and signs the example as 1.0.0, changes a few lines, builds and signs it as 1.1.0 with a delta, starts
 * a private DHT on loopback, three copies of 1.0.0 and one of 1.1.0, and watches the three become 1.1.0. Each has a home of
 * its own, as on four machines. Checks what it shows; any deviation ends it with exit code 1.
 *
 *   npm run demo [-- --node <path of another Node binary>]
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPrivateDht } from '../src/testing/private-dht.ts';
import { Copy } from './copy.ts';
import { deviationsOf, PROGRAM, type Expectation } from './deviations.ts';
import { createOwner, createProject, createRelease, editProject, type DemoRelease } from './releases.ts';
import { amount, createScreen, table } from './screen.ts';
import { describe } from './story.ts';

const TIME_LIMIT_MS = 180_000;
const DHT_NODES = 20;
const OLD = '1.0.0';
const NEW = '1.1.0';
const HEADER = ['copy', 'from', 'to', 'plan', 'received', 'program', 'found after', 'total time', 'PID kept'];
const NOTES = [
  'received: payload of the update, without what UDP, QUIC and the DHT add',
  `each copy started ${NEW} once before it replaced anything, and keeps ${OLD} in .${PROGRAM}.peerpatch:`,
  `it comes back by itself when ${NEW} crashes or hangs at first, or later by "peerpatch rollback"`,
];

const { values: flags } = parseArgs({ options: { node: { type: 'string', default: process.execPath } } });
const screen = createScreen(process.stdout);
const copies: Copy[] = [];
const folder = await realpath(await mkdtemp(join(tmpdir(), 'peerpatch-demo-')));
const cleanUp = async (): Promise<void> => {
  await Promise.all(copies.map((copy) => copy.end()));
  // Windows: a program that was just ended may be held for a moment.
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
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
  const { oldRelease, newRelease } = await createReleases(keyFile, runtime.version);

  const dht = await startPrivateDht({ nodes: DHT_NODES });
  try {
    screen.note(`private DHT of ${String(DHT_NODES)} nodes on ${dht.bootstrap[0] ?? ''} and up`);
    const start = async (name: string, { program, deltaBytes }: DemoRelease): Promise<Expectation> => {
      const home = join(folder, name);
      await mkdir(home);
      const path = join(home, PROGRAM);
      await copyFile(program, path);
      if (deltaBytes !== undefined) await cp(`${program}.deltas`, `${path}.deltas`, { recursive: true });
      const args = ['--name', name, '--greeting', 'grüß "Gott"', ''];
      const env = hostEnvironment(publicKey, dht.bootstrap, name);
      const copy = new Copy({ name, program: path, folder: home, args, env }, (self, line) => {
        const said = describe(line);
        if (said !== undefined) screen.show(self.name, said.text, said.milestone);
      });
      copies.push(copy);
      return { copy, path, home, args, env };
    };
    const updating: Expectation[] = [];
    // One after the other: a copy that is being written while another one starts cannot be started itself (ETXTBSY).
    for (const name of ['copy-1', 'copy-2', 'copy-3']) updating.push(await start(name, oldRelease));
    await until(() => updating.every(({ copy }) => copy.starts.length > 0 || copy.exited));
    screen.note(`three copies of ${OLD} run; now the owner starts one copy of ${NEW}`);
    await start('origin', newRelease);
    const origin = Date.now();

    const limit = Date.now() + TIME_LIMIT_MS;
    await until(() => updating.every(({ copy }) => isDone(copy)) || Date.now() > limit);
    screen.end();
    const rows = updating.map(({ copy }) => row(copy, { origin, sizeBytes: newRelease.sizeBytes }));
    console.log(`\n${table([HEADER, ...rows])}\n${NOTES.join('\n')}\n`);
    return await deviationsOf(updating, {
      oldProgram: oldRelease.program,
      newProgram: newRelease.program,
      version: NEW,
      keepsPid: runtime.hasExecve,
    });
  } finally {
    await dht.close();
  }
}

/** Two releases of one project: the second one with a delta from the first. */
async function createReleases(
  keyFile: string,
  nodeVersion: string,
): Promise<{ readonly oldRelease: DemoRelease; readonly newRelease: DemoRelease }> {
  const project = await createProject(folder);
  const common = { project, keyFile, node: flags.node };
  screen.note(`building and signing ${OLD} with Node ${nodeVersion}`);
  const oldRelease = await createRelease({ ...common, version: OLD });
  await editProject(project);
  screen.note(`a few lines are changed; building and signing ${NEW}, with a delta from ${OLD}`);
  const newRelease = await createRelease({ ...common, version: NEW, previous: oldRelease.program });
  const { sizeBytes, deltaBytes = 0 } = newRelease;
  screen.note(`the program has ${amount(sizeBytes)}, the delta ${amount(deltaBytes)}`);
  return { oldRelease, newRelease };
}

function row(copy: Copy, { origin, sizeBytes }: { readonly origin: number; readonly sizeBytes: number }): string[] {
  const [first, last] = [copy.starts[0], copy.starts.at(-1)];
  const seconds = (at: number | undefined): string =>
    at === undefined ? '–' : `${((at - origin) / 1000).toFixed(1)} s`;
  return [
    copy.name,
    first?.version ?? '–',
    last?.version ?? '–',
    copy.ways.join(', '),
    amount(copy.receivedBytes),
    amount(sizeBytes),
    seconds(copy.firstSeen.get('found')),
    seconds(copy.restartedAt),
    copy.restartedAt === undefined ? '–' : first?.pid === last?.pid ? 'yes' : 'no (thin parent)',
  ];
}

/** Restarted as the new version and known to be fine, or beyond hope. */
function isDone(copy: Copy): boolean {
  return copy.exited || (copy.starts.length > 1 && copy.starts.at(-1)?.version === NEW);
}

function hostEnvironment(publicKey: string, bootstrap: readonly string[], name: string): Record<string, string> {
  const home = join(folder, `${name}-user`);
  return {
    PATH: process.env['PATH'] ?? '',
    // What one copy has kept, the others must fetch.
    HOME: home,
    ...(process.platform === 'win32' && { USERPROFILE: home, LOCALAPPDATA: join(home, 'AppData/Local') }),
    HELLO_PUBLIC_KEY: publicKey,
    HELLO_DHT: bootstrap.slice(0, 3).join(','),
    HELLO_RELAY: 'none',
    HELLO_BIND: '127.0.0.1',
    HELLO_INTERVAL_MS: '2000',
    HELLO_EVENTS: '1',
    HELLO_TAG: `tag of ${name}`,
  };
}

function runtimeFacts(node: string): { version: string; hasExecve: boolean } {
  const text = execFileSync(node, ['-p', 'process.version + " " + typeof process.execve'], { encoding: 'utf8' });
  const [version = '', execve = ''] = text.trim().split(' ');
  return { version, hasExecve: execve === 'function' && process.platform !== 'win32' };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 50));
}
