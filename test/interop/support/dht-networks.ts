/**
 * Private DHTs of about twenty nodes each: of this project's nodes, of the `mainline` crate's, of libtorrent's, and mixed.
 *
 * Whatever the kind, nodes listen where the names that the Rust clients start from lead to (ports 6881 and 25401 of `ROUTER`),
 * so one network stands at a time.
 *
 * @module
 */
import { isPeerpatchError } from '../../../src/core/base/errors.ts';
import { parseHostPort } from '../../../src/core/dht/host-port.ts';
import { MainlineDht } from '../../../src/io/dht/mainline.ts';
import { systemClock } from '../../../src/io/system/clock.ts';
import { systemRandom } from '../../../src/io/system/random.ts';
import { openClient, testItemKey } from '../../support/dht-clients.ts';
import { isLibtorrentInstalled, startLibtorrent } from './libtorrent.ts';
import { ROUTER } from './namespace.ts';
import { startOracle } from './oracle.ts';
import type { Workspace } from './workspaces.ts';

/** Each workspace's version of the `mainline` crate. */
export const MAINLINE_WORKSPACES = {
  '5.4.0': 'rustpatcher-0.2.0',
  '6.2.0': 'rustpatcher-0.2.2',
  '8.0.1': 'current',
} as const satisfies Record<string, Workspace['name']>;
export type MainlineVersion = keyof typeof MAINLINE_WORKSPACES;
export const MAINLINE_VERSIONS: readonly MainlineVersion[] = ['5.4.0', '6.2.0', '8.0.1'];

export type NetworkKind = 'ours' | `mainline ${MainlineVersion}` | 'libtorrent' | 'mixed';

export interface Network {
  /** `host:port` of nodes to start from. */
  readonly bootstrap: readonly string[];
  /** `host:port` of every node. */
  readonly addresses: readonly string[];
  /** How many nodes there are. */
  readonly size: number;
  stop(): Promise<void>;
}

/** The nodes of one implementation. */
interface Nodes {
  /** `host:port`, as the other nodes know them. */
  readonly addresses: readonly string[];
  stop(): Promise<void>;
}

interface NodesOptions {
  readonly count: number;
  /** Ports of `ROUTER` that the first of them listen on. */
  readonly routerPorts: readonly number[];
  /** `host:port` of nodes of others to join. */
  readonly join: readonly string[];
}

const ROUTER_PORTS: readonly number[] = [6881, 25401];
const SIZE = 20;
const SETTLE_MS = 60_000;

/** Whether the kind can be had here; libtorrent is a module of Python. */
export function isAvailable(kind: NetworkKind): boolean {
  return (kind !== 'libtorrent' && kind !== 'mixed') || isLibtorrentInstalled();
}

/** Starts the nodes and waits until a client of ours meets all of them. */
export async function openNetwork(kind: NetworkKind): Promise<Network> {
  const parts: Nodes[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(parts.map((part) => part.stop()));
  };
  try {
    for (const { start, count } of planOf(kind)) {
      const join = parts.slice(0, 1).flatMap(({ addresses }) => addresses.slice(0, 2));
      const routerPorts = parts.length === 0 ? ROUTER_PORTS : [];
      parts.push(await start({ count, routerPorts, join }));
    }
    const addresses = parts.flatMap((part) => part.addresses);
    // Of each implementation some: a client that cannot talk to one of them must not be cut off by it.
    const bootstrap = parts.flatMap((part) => part.addresses.slice(0, 2));
    // Nodes learn of each other by walking: the network is ready when a new client meets all of them.
    await (await openClientOf({ bootstrap, size: addresses.length })).close();
    return { bootstrap, addresses, size: addresses.length, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One node of an implementation on loopback, whose answers are looked at one by one. */
export async function openLoneNode(
  kind: Exclude<NetworkKind, 'mixed'>,
): Promise<{ address: string; stop(): Promise<void> }> {
  const [plan] = planOf(kind);
  // A node of libtorrent that knows nobody does not start its DHT.
  const nodes = await plan?.start({ count: kind === 'libtorrent' ? 2 : 1, routerPorts: [], join: [] });
  const [address] = nodes?.addresses ?? [];
  if (nodes === undefined || address === undefined) throw new Error(`no node of ${kind}`);
  return { address, stop: () => nodes.stop() };
}

interface PlannedNodes {
  readonly start: (options: NodesOptions) => Promise<Nodes>;
  readonly count: number;
}

function planOf(kind: NetworkKind): readonly PlannedNodes[] {
  const mainline =
    (version: MainlineVersion) =>
    (options: NodesOptions): Promise<Nodes> =>
      startMainline(version, options);
  switch (kind) {
    case 'ours':
      return [{ start: startOurs, count: SIZE }];
    case 'libtorrent':
      return [{ start: startLibtorrentNodes, count: SIZE }];
    case 'mixed':
      return [
        { start: startOurs, count: 7 },
        { start: mainline('5.4.0'), count: 4 },
        { start: mainline('8.0.1'), count: 3 },
        { start: startLibtorrentNodes, count: 6 },
      ];
    case 'mainline 5.4.0':
      return [{ start: mainline('5.4.0'), count: SIZE }];
    case 'mainline 6.2.0':
      return [{ start: mainline('6.2.0'), count: SIZE }];
    case 'mainline 8.0.1':
      return [{ start: mainline('8.0.1'), count: SIZE }];
  }
}

async function startOurs({ count, routerPorts, join }: NodesOptions): Promise<Nodes> {
  const nodes: MainlineDht[] = [];
  const addresses: string[] = [];
  for (let index = 0; index < count; index++) {
    const port = routerPorts[index];
    const node = await MainlineDht.open({
      bootstrap: [...addresses.slice(0, 1), ...join].map(parseHostPort),
      mode: 'node',
      // Reached as ROUTER by the Rust clients and as loopback by everybody else.
      host: port === undefined ? '127.0.0.1' : '0.0.0.0',
      port: port ?? 0,
      random: systemRandom,
      clock: systemClock,
      keepAlive: true,
    });
    nodes.push(node);
    if (index > 0) await node.ready();
    addresses.push(`127.0.0.1:${node.addresses[0]?.split(':').at(-1) ?? ''}`);
  }
  return {
    addresses,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.close()));
    },
  };
}

async function startMainline(version: MainlineVersion, { count, routerPorts, join }: NodesOptions): Promise<Nodes> {
  const oracle = startOracle(MAINLINE_WORKSPACES[version]);
  const addresses: string[] = [];
  // The first node of a network of mainline takes whoever asks it for a node, clients too, and names them to others.
  // Nobody else would, so a network cannot begin without it. It is not the router.
  const ports = join.length > 0 ? routerPorts : [0, ...routerPorts];
  for (let index = 0; index < count; index++) {
    const wanted = ports[index] ?? 0;
    const bootstrap = [...join, ...addresses.slice(0, 1)];
    const { port } = await oracle.ask<{ port: number }>('dht-open', {
      host: wanted === 0 ? '127.0.0.1' : '0.0.0.0',
      port: wanted,
      server: 1,
      bootstrap,
    });
    addresses.push(`127.0.0.1:${port}`);
  }
  return { addresses, stop: () => oracle.close() };
}

async function startLibtorrentNodes({ count, routerPorts, join }: NodesOptions): Promise<Nodes> {
  // libtorrent does not mix loopback with other addresses: all nodes are on the one or on the other.
  const host = routerPorts.length > 0 ? ROUTER : '127.0.0.1';
  const listen = Array.from({ length: count }, (_, index) => `${host}:${routerPorts[index] ?? 0}`);
  const nodes = await startLibtorrent({ listen, join });
  return { addresses: nodes.ports.map((port) => `${host}:${port}`), stop: () => nodes.stop() };
}

/**
 * A client of ours that has met every node: what it does next does not hang on who was slow the first time.
 *
 * @throws Error when it does not meet all of them within a minute
 */
export async function openClientOf({ bootstrap, size }: Pick<Network, 'bootstrap' | 'size'>): Promise<MainlineDht> {
  const deadline = performance.now() + SETTLE_MS;
  const client = await openClient(bootstrap);
  for (;;) {
    const met = (await client.get(testItemKey(250)).catch(noneAnswered)).length;
    if (met >= size) return client;
    if (performance.now() > deadline) {
      await client.close();
      throw new Error(`a client met ${met} of ${size} nodes`);
    }
  }
}

/** Nodes that have only just started may all be silent once. */
function noneAnswered(error: unknown): readonly never[] {
  if (isPeerpatchError(error, 'DHT_UNREACHABLE')) return [];
  throw error;
}
