/**
 * What both systems find at the seeder's end: a private DHT, a name server, and a reader of our own that looks at slots.
 *
 * @module
 */
import { formatPublicKey, type PublicKey } from '../../src/core/keys/public-key.ts';
import { encodeZbase32 } from '../../src/core/base/zbase32.ts';
import { parseHostPort } from '../../src/core/dht/host-port.ts';
import type { Announcement } from '../../src/core/record/open.ts';
import type { Topic } from '../../src/core/record/topic.ts';
import { discover } from '../../src/agent/find/discover.ts';
import { MainlineDht } from '../../src/io/dht/mainline.ts';
import { systemClock } from '../../src/io/system/clock.ts';
import { systemRandom } from '../../src/io/system/random.ts';
import { startNameServer } from '../../test/interop/support/name-server.ts';
import { DHT_HOSTS, ROUTER } from './two-ends.ts';

export interface World {
  /** Waits until the owner's release is announced in the DHT. */
  announced(owner: PublicKey, topic: Topic, timeoutMs: number): Promise<Announcement>;
  /** What the name server says of a node from now on. @param addresses `ip:port`; more than four are too long an answer */
  publishAddresses(nodeId: Uint8Array, addresses: readonly string[]): void;
  close(): Promise<void>;
}

/** rustpatcher joins by the routers' names at these ports. */
const ROUTER_PORTS = [6881, 25_401];
const NODE_PORT = 6881;
const LOOK_INTERVAL_MS = 100;

export async function openWorld(): Promise<World> {
  const bootstrap = [parseHostPort(`${ROUTER}:${String(NODE_PORT)}`)];
  const system = { clock: systemClock, random: systemRandom, keepAlive: true };
  const nodes: MainlineDht[] = [];
  const places = [
    ...ROUTER_PORTS.map((port) => ({ host: ROUTER, port })),
    ...DHT_HOSTS.map((host) => ({ host, port: NODE_PORT })),
  ];
  for (const place of places) {
    const first = nodes.length === 0;
    const node = await MainlineDht.open({ ...system, ...place, mode: 'node', bootstrap: first ? [] : bootstrap });
    nodes.push(node);
    if (!first) await node.ready();
  }
  const reader = await MainlineDht.open({ ...system, host: ROUTER, bootstrap });
  const addressesOf = new Map<string, readonly string[]>();
  const names = await startNameServer({
    nodes: (id) => addressesOf.get(id)?.map((address) => `addr=${address}`),
  });
  return {
    announced: async (owner, topic, timeoutMs) => {
      const deadline = performance.now() + timeoutMs;
      while (performance.now() < deadline) {
        const [found] = await discover({ dht: reader, owner, topic, clock: systemClock });
        if (found !== undefined) return found;
        await systemClock.sleep(LOOK_INTERVAL_MS);
      }
      throw new Error(`nothing of ${formatPublicKey(owner)} was announced within ${timeoutMs} ms`);
    },
    publishAddresses: (nodeId, addresses) => {
      addressesOf.set(encodeZbase32(nodeId), addresses);
    },
    close: async () => {
      await names.close();
      await Promise.all([reader, ...nodes].map((node) => node.close()));
    },
  };
}
