/**
 * A live test's world: a private DHT behind the router names, a name server, an owner, signed programs that run.
 *
 * Everything of ours that a user would start is started as the user would: the `peerpatch` command of dist/, as a process.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fromHex } from '../../../src/core/base/hex.ts';
import { encodeZbase32 } from '../../../src/core/base/zbase32.ts';
import { startPrivateDht } from '../../../src/testing/private-dht.ts';
import { startBootstrapNode } from '../../../src/tools/network/bootstrap-node.ts';
import { LiveProcess } from './live-process.ts';
import { startRefusingPeer, type Refusal, type RefusingPeer } from './live-refusals.ts';
import { startNameServer, type NameServer, type NameServerOptions } from './name-server.ts';
import { HOSTS, ROUTER } from './namespace.ts';
import { program, type RustpatcherVersion } from './workspaces.ts';

const run = promisify(execFile);
const COMMAND = join(import.meta.dirname, '../../../dist/cli/main.js');
const DHT = `${ROUTER}:6881`;
/** The routers of the mainline crate listen at these. */
const ROUTER_PORTS = [6881, 25401];

/** What `peerpatch check --json` prints. */
export interface CheckedNetwork {
  readonly version: string;
  readonly peers: readonly { readonly nodeId: string; readonly addresses: readonly string[] }[];
}

export interface LiveScene {
  /** z-base-32. */
  readonly publicKey: string;
  readonly names: NameServer;
  /** Runs the command to its end; rejects when it fails. */
  peerpatch(...args: readonly string[]): Promise<string>;
  /** A copy of the Rust program in a folder of its own, signed by `peerpatch sign`. Returns its path. */
  signed(version: RustpatcherVersion, name: 'app-old' | 'app-new', appVersion: string): Promise<string>;
  /** Signs a program where it is, by `peerpatch sign`: ours without `flags` is offered to no Rust program. */
  sign(path: string, appVersion: string, ...flags: readonly string[]): Promise<void>;
  /** Another copy, in a folder of its own. */
  copy(path: string): Promise<string>;
  /** Starts `peerpatch seed`; resolves when it has announced and the name server knows it. */
  seed(path: string): Promise<LiveSeed>;
  /** Starts a peer that announces the program and does not give it. Without `listed` the name server does not know it. */
  refuse(how: Refusal, path: string, options?: { readonly listed: boolean }): Promise<RefusingPeer>;
  /** Starts a signed Rust program. `env` is added to what every one of them needs. */
  start(path: string, env?: Readonly<Record<string, string>>): LiveProcess;
  /** One look at the network by `peerpatch check`. */
  check(): Promise<CheckedNetwork>;
  /** Tells the name server where a node is, until the scene ends. */
  tellNames(nodeIdHex: string, texts: readonly string[]): string;
  end(): Promise<void>;
}

export interface LiveSeed {
  readonly process: LiveProcess;
  /** As the name server is asked for it. */
  readonly nodeIdZ32: string;
}

/** As a TXT record of discovery has it. */
const addressText = (address: string): string => `addr=${address}`;

/** @param options what the name server answers beside the seeds and the nodes that `tellNames` is called for */
export async function openLiveScene({
  hosts = {},
  nodes,
}: Pick<NameServerOptions, 'hosts' | 'nodes'> = {}): Promise<LiveScene> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'peerpatch-live-')));
  const closing: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const processes: LiveProcess[] = [];
  const texts = new Map<string, readonly string[]>();
  let folders = 0;

  const end = async (): Promise<void> => {
    await Promise.all(processes.map((process) => process.stop()));
    // The last opened first.
    for (const close of closing.reverse()) await close();
  };

  const names = await startNameServer({ nodes: (nodeId) => texts.get(nodeId) ?? nodes?.(nodeId), hosts });
  closing.push(() => names.close());
  const dht = await startPrivateDht({ nodes: 18, host: ROUTER });
  closing.push(() => dht.close());
  for (const port of ROUTER_PORTS) {
    const node = await startBootstrapNode({ host: ROUTER, port, bootstrap: dht.bootstrap });
    closing.push(() => node.close());
  }

  const keyFile = join(folder, 'owner-key');
  const peerpatch = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await run(process.execPath, [COMMAND, ...args]);
    return stdout;
  };
  const { publicKey } = JSON.parse(await peerpatch('gen', keyFile, '--json')) as { publicKey: string };

  const copy = async (path: string): Promise<string> => {
    const own = join(folder, String(++folders));
    // Another process copies: a child that this one starts meanwhile would hold the unfinished file open (ETXTBSY).
    await run('sh', ['-c', 'mkdir "$2" && cp -- "$1" "$2/app"', 'sh', path, own]);
    return join(own, 'app');
  };
  const sign: LiveScene['sign'] = async (path, appVersion, ...flags) => {
    await peerpatch('sign', path, '--key-file', keyFile, '--app-version', appVersion, ...flags);
  };
  const check = async (): Promise<CheckedNetwork> => {
    const flags = ['--public-key', publicKey, '--dht', DHT, '--relay', 'none', '--json'];
    return JSON.parse(await peerpatch('check', ...flags)) as CheckedNetwork;
  };
  const tellNames = (nodeIdHex: string, records: readonly string[]): string => {
    const nodeIdZ32 = encodeZbase32(fromHex(nodeIdHex));
    texts.set(nodeIdZ32, records);
    return nodeIdZ32;
  };

  const seen = new Set<string>();
  /** Whoever announces with addresses and was not seen before. */
  const newPeer = async (): Promise<CheckedNetwork['peers'][number]> => {
    for (;;) {
      const { peers } = await check();
      const found = peers.find(({ nodeId, addresses }) => addresses.length > 0 && !seen.has(nodeId));
      if (found === undefined) continue;
      seen.add(found.nodeId);
      return found;
    }
  };

  return {
    publicKey,
    names,
    peerpatch,
    copy,
    check,
    sign,
    tellNames,
    signed: async (version, name, appVersion) => {
      const path = await copy(program(`rustpatcher-${version}`, name));
      await sign(path, appVersion);
      return path;
    },
    seed: async (path) => {
      const flags = ['--public-key', publicKey, '--dht', DHT, '--relay', 'none', '--bind-host', HOSTS[0], '--json'];
      const seed = new LiveProcess({ path: process.execPath, args: [COMMAND, 'seed', path, ...flags] });
      processes.push(seed);
      await seed.says(/^announced /);
      const peer = await newPeer();
      return { process: seed, nodeIdZ32: tellNames(peer.nodeId, peer.addresses.map(addressText)) };
    },
    refuse: async (how, path, { listed } = { listed: true }) => {
      const peer = await startRefusingPeer({ how, program: path, publicKey });
      closing.push(() => peer.close());
      seen.add(peer.nodeId);
      if (listed) tellNames(peer.nodeId, peer.addresses.map(addressText));
      return peer;
    },
    start: (path, env = {}) => {
      const started = new LiveProcess({
        path,
        env: { OWNER_PUBLIC_KEY: publicKey, RUST_LOG: 'rustpatcher=debug', ...env },
      });
      processes.push(started);
      return started;
    },
    end,
  };
}
