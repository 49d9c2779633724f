/**
 * One test's world: a private DHT, a folder, running copies. Everything ends with `end`.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { peerName } from '../../../src/agent/fetch/peer-source.ts';
import { discover } from '../../../src/agent/find/discover.ts';
import { statementTopic } from '../../../src/core/record/topic.ts';
import { statementSalt } from '../../../src/core/statement/statement.ts';
import { systemClock as clock } from '../../../src/io/system/clock.ts';
import type { SignedSample, StatedSample } from '../../../src/testing/sample-program.ts';
import { startPrivateDht, type PrivateDht } from '../../../src/testing/private-dht.ts';
import { seedProgram } from '../../../src/tools/network/seed-program.ts';
import { RunningHost, type HostOptions } from '../../fixtures/running-host.ts';
import { startStatedLiar, type StatedLiar, type StatedLiarOptions } from '../../support/liars.ts';
import { copyProgram, PUBLIC_KEY } from './releases.ts';
import { signalProcesses } from './scene-processes.ts';

/** One for all tests: the addon is extracted there once. */
const HOME = join(import.meta.dirname, '../../../.cache/home');
/** The compiled command. */
const COMMAND = join(import.meta.dirname, '../../../dist/cli/main.js');

export interface Scene {
  readonly dht: PrivateDht;
  /** Real path, empty at first. */
  readonly folder: string;
  /** Copies a program to a path in the folder. Returns the path. */
  place(program: string, path: string): Promise<string>;
  /** Starts a program with what updating-host.ts needs in its environment. */
  start(options: HostOptions): RunningHost;
  /** Runs the command as the user of the programs that are started here. Returns what it prints with `--json`. */
  peerpatch(...args: readonly string[]): Promise<Record<string, unknown>>;
  /** Announces and serves a release until the scene ends, or the function that is returned is called. */
  seed(release: SignedSample): Promise<() => Promise<void>>;
  /** The same for a program at a path, with the deltas beside it. */
  seedFile(program: string): Promise<() => Promise<void>>;
  /** Announces a release until the scene ends, and hands it out as it likes. */
  liar(options: Omit<StatedLiarOptions, 'dht'>): Promise<StatedLiar>;
  /** Puts the statement where everybody looks. */
  publish(release: StatedSample): Promise<void>;
  /** Names of the peers that announce releases of this name now, sorted. */
  announced(release: StatedSample): Promise<readonly string[]>;
  end(): Promise<void>;
}

export async function openScene({ nodes = 8 }: { readonly nodes?: number } = {}): Promise<Scene> {
  const dht = await startPrivateDht({ nodes });
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'peerpatch-test-')));
  const hosts: RunningHost[] = [];
  const seeds: (() => Promise<void>)[] = [];
  const seedFile = async (program: string): Promise<() => Promise<void>> => {
    const stop = new AbortController();
    let tellAnnounced: () => void = () => undefined;
    const announced = new Promise<void>((resolve) => (tellAnnounced = resolve));
    const seeding = seedProgram({
      program,
      publicKey: PUBLIC_KEY,
      bootstrap: dht.bootstrap,
      relay: 'none',
      bindHost: '127.0.0.1',
      intervalMs: 1000,
      signal: stop.signal,
      onEvent: ({ type }) => {
        if (type === 'announced') tellAnnounced();
      },
    });
    const end = async (): Promise<void> => {
      stop.abort();
      await seeding;
    };
    seeds.push(end);
    await Promise.race([announced, seeding]);
    return end;
  };
  return {
    dht,
    folder,
    place: async (program, path) => {
      const to = join(folder, path);
      await mkdir(dirname(to), { recursive: true });
      await copyProgram(program, to);
      return to;
    },
    start: ({ env, ...options }) => {
      const host = new RunningHost({ ...options, env: { ...hostEnvironment(dht, folder), ...env } });
      hosts.push(host);
      return host;
    },
    peerpatch: async (...args) => {
      const env = hostEnvironment(dht, folder);
      const { stdout } = await promisify(execFile)(process.execPath, [COMMAND, ...args, '--json'], { env });
      return JSON.parse(stdout) as Record<string, unknown>;
    },
    seed: async ({ file }) => {
      const program = join(folder, `seed-${String(seeds.length)}`);
      await writeFile(program, file);
      return seedFile(program);
    },
    seedFile,
    liar: async (options) => {
      const liar = await startStatedLiar({ ...options, dht });
      seeds.push(() => liar.close());
      return liar;
    },
    publish: async ({ statement }) => {
      const [client] = dht.nodes;
      const nodes = (await client?.getSigned({ publicKey: statement.owner, salt: statementSalt(statement) })) ?? [];
      await Promise.all(nodes.map((node) => node.put(statement.item)));
    },
    announced: async ({ statement }) => {
      const [client] = dht.nodes;
      const { owner } = statement;
      const found = client && (await discover({ dht: client, owner, topic: statementTopic(owner, statement), clock }));
      return [...new Set(found?.map(({ peer }) => peerName(peer)))].sort();
    },
    end: async () => {
      // Gently first: a thin parent passes it on. Guards too: one would start the previous version again.
      signalProcesses(folder, 'SIGTERM');
      for (const host of hosts) host.kill('SIGTERM');
      const patience = setTimeout(() => {
        signalProcesses(folder, 'SIGKILL');
        for (const host of hosts) void host.stop();
      }, 5000);
      await Promise.all(hosts.map((host) => host.ended));
      clearTimeout(patience);
      await Promise.all(hosts.map((host) => host.stop()));
      await Promise.all(seeds.map((end) => end()));
      await dht.close();
      // Windows: a program that was just ended may be held for a moment by whoever looks at it.
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}

/** What one scene remembers of releases must not count in another one. */
function hostEnvironment({ bootstrap }: PrivateDht, folder: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME,
    ...(process.platform === 'win32' && { USERPROFILE: HOME, LOCALAPPDATA: join(HOME, 'AppData/Local') }),
    XDG_STATE_HOME: join(folder, 'state'),
    APP_PUBLIC_KEY: PUBLIC_KEY,
    APP_DHT: bootstrap.join(','),
  };
}
