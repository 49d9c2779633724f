/**
 * A private DHT on loopback: real nodes on real UDP sockets, in one process. Nothing leaves the machine.
 *
 * @module
 */
import { parseHostPort } from '../core/dht/host-port.ts';
import { BUCKET_SIZE } from '../core/dht/routing-table.ts';
import { MainlineDht } from '../io/dht/mainline.ts';
import { systemClock } from '../io/system/clock.ts';
import { systemRandom } from '../io/system/random.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';

export interface PrivateDhtOptions {
  /** Default 20. */
  readonly nodes?: number;
  /** The IP all nodes share. Default `127.0.0.1`. */
  readonly host?: string;
  readonly random?: Random;
  readonly clock?: Clock;
}

export interface PrivateDht {
  /** `host:port` of some nodes: what clients take as their bootstrap. */
  readonly bootstrap: readonly string[];
  readonly nodes: readonly MainlineDht[];
  close(): Promise<void>;
}

/** Addresses given to clients: with one gone, the others serve. */
const BOOTSTRAP_ADDRESSES = 3;

/**
 * Starts the nodes; every node knows every other when it resolves. They keep the process alive until closed.
 *
 * @example
 * const network = await startPrivateDht();
 * // spawn({ publicKey, dht: { bootstrap: network.bootstrap } })
 * await network.close();
 */
export async function startPrivateDht(options: PrivateDhtOptions = {}): Promise<PrivateDht> {
  const { host = '127.0.0.1', clock = systemClock, random = systemRandom } = options;
  const nodes: MainlineDht[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.close()));
  };
  try {
    while (nodes.length < (options.nodes ?? 20)) {
      const bootstrap = nodes.slice(0, 1).flatMap(({ addresses }) => addresses.map(parseHostPort));
      const node = await MainlineDht.open({ bootstrap, mode: 'node', host, clock, random, keepAlive: true });
      nodes.push(node);
      // One after the other: each walks past all before it, so that all know all.
      if (bootstrap.length > 0) await node.ready();
    }
    await closeGaps(nodes, random);
  } catch (error) {
    await close();
    throw error;
  }
  const bootstrap = nodes.slice(0, BOOTSTRAP_ADDRESSES).flatMap(({ addresses }) => addresses);
  return { bootstrap, nodes, close };
}

/** A lost packet leaves a node that does not know another. A walk past all nodes closes the gap. */
async function closeGaps(nodes: readonly MainlineDht[], random: Random): Promise<void> {
  const others = nodes.length - 1;
  for (const node of nodes) {
    if (others === 0 || node.contacts >= Math.min(others, BUCKET_SIZE)) continue;
    await node.get({ publicKey: random.bytes(32), salt: new Uint8Array(), sign: () => new Uint8Array() });
  }
}
