/**
 * The world of a live test that goes through a relay: a live scene, n0's servers on the tests' machine, and programs of both
 * sides that trust them.
 *
 * Nothing tells the nodes where the others are but what they publish themselves: home relay by pkarr, read by DNS.
 *
 * @module
 */
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeZbase32 } from '../../../src/core/base/zbase32.ts';
import { toHex } from '../../../src/core/base/hex.ts';
import { installCopy } from './installation.ts';
import { LiveProcess } from './live-process.ts';
import { openLiveScene, type LiveScene } from './live-scene.ts';
import { N0_NAMES, startN0Servers, type N0Servers, type PublishedNode } from './n0-servers.ts';
import { HOSTS, ROUTER } from './namespace.ts';
import { startRelay, type Relay } from './relay.ts';
import { createTestRoot } from './test-root.ts';
import { program, type RustpatcherVersion } from './workspaces.ts';

/** Of relays, https in front of them, and discovery. */
const N0_HOST = HOSTS[1];
export const DHT: string = `${ROUTER}:6881`;
const POLL_MS = 50;

export interface NodeAtHome extends PublishedNode {
  /** In hex. */
  readonly nodeId: string;
}

export interface RelayScene {
  readonly live: LiveScene;
  /** Home of rustpatcher's nodes. */
  readonly theirRelay: Relay;
  /** Home of our nodes. */
  readonly ourRelay: Relay;
  readonly n0: N0Servers;
  /** Empty at first. */
  readonly folder: string;
  /** A signed copy of a Rust program that trusts the test's root in place of a public one. */
  signedWithTestRoot(version: RustpatcherVersion, name: 'app-old' | 'app-new', appVersion: string): Promise<string>;
  /** Starts our command, from an installation whose addon trusts the test's root. */
  peerpatch(...args: readonly string[]): LiveProcess;
  /** The flags that all commands of the network take. */
  networkFlags(relay: string): readonly string[];
  /** The next node that has found its home relay and published it. */
  nextHome(): Promise<NodeAtHome>;
  end(): Promise<void>;
}

export async function openRelayScene(): Promise<RelayScene> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'peerpatch-relay-')));
  const root = await createTestRoot(N0_NAMES);
  const theirRelay = await startRelay({ host: N0_HOST, port: 3340 });
  const ourRelay = await startRelay({ host: N0_HOST, port: 3341 });
  const n0 = await startN0Servers({ host: N0_HOST, root, relays: { theirs: theirRelay, ours: ourRelay } });
  const live = await openLiveScene({
    hosts: Object.fromEntries(N0_NAMES.map((name) => [name, [N0_HOST]])),
    nodes: (nodeId) => n0.textsOf(nodeId),
  });
  const ours = await installCopy(join(folder, 'installation'));
  await root.trustTestRoot(ours.addon);
  const processes: LiveProcess[] = [];
  const seen = new Set<string>();
  return {
    live,
    theirRelay,
    ourRelay,
    n0,
    folder,
    signedWithTestRoot: async (version, name, appVersion) => {
      const path = await live.copy(program(`rustpatcher-${version}`, name));
      await root.trustTestRoot(path);
      await live.sign(path, appVersion);
      return path;
    },
    peerpatch: (...args) => {
      const started = new LiveProcess({ path: process.execPath, args: [ours.command, ...args] });
      processes.push(started);
      return started;
    },
    networkFlags: (choice) => ['--public-key', live.publicKey, '--dht', DHT, '--relay', choice, '--json'],
    nextHome: async () => {
      const { nodeIdZ32, texts } = await until(() =>
        n0.published.find((node) => hasRelay(node) && !seen.has(node.nodeIdZ32)),
      );
      seen.add(nodeIdZ32);
      const bytes = decodeZbase32(nodeIdZ32);
      if (bytes === undefined) throw new Error(`published under a name that is no node's: ${nodeIdZ32}`);
      return { nodeId: toHex(bytes), nodeIdZ32, texts };
    },
    end: async () => {
      await Promise.all(processes.map((process) => process.stop()));
      await live.end();
      await n0.close();
      await theirRelay.close();
      await ourRelay.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Asks until there is an answer; the test's own limit ends it. */
export async function until<T>(find: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function hasRelay({ texts }: PublishedNode): boolean {
  return texts.some((text) => text.startsWith('relay='));
}
