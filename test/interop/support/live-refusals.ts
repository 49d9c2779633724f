/**
 * Peers that announce a release and do not give it: each refuses in one of the ways in which ours may.
 *
 * It is the product's own server with other limits or another clock, not a copy of it.
 *
 * @module
 */
import { announceOnce } from '../../../src/agent/offer/announce.ts';
import { poll } from '../../../src/agent/poll.ts';
import { readRelease } from '../../../src/agent/read-release.ts';
import { serve, type ServeOptions } from '../../../src/agent/offer/serve.ts';
import { toHex } from '../../../src/core/base/hex.ts';
import { SERVE_LIMITS } from '../../../src/core/base/limits.ts';
import { MINUTE_MS, SECOND_MS } from '../../../src/core/base/units.ts';
import { parsePublicKey } from '../../../src/core/keys/public-key.ts';
import { v0Topic } from '../../../src/core/record/topic.ts';
import { programStore } from '../../../src/io/install/program-file.ts';
import { systemClock } from '../../../src/io/system/clock.ts';
import { systemRandom } from '../../../src/io/system/random.ts';
import { openNode } from '../../../src/start/thread/node.ts';
import { HOSTS, ROUTER } from './namespace.ts';

/** `wrong minute`: its clock is off. `nothing to give`: status 0. `full`: closes each connection at once. */
export type Refusal = 'wrong minute' | 'nothing to give' | 'full';

export interface RefusingPeer {
  /** Hex. */
  readonly nodeId: string;
  /** `host:port` */
  readonly addresses: readonly string[];
  close(): Promise<void>;
}

const WAYS: Readonly<Record<Refusal, Partial<ServeOptions>>> = {
  'wrong minute': { clock: { ...systemClock, now: () => systemClock.now() + 10 * MINUTE_MS } },
  'nothing to give': {},
  full: { limits: { ...SERVE_LIMITS, maxConnections: 0 } },
};

/** Resolves when its record is in the DHT; it keeps it there. */
export async function startRefusingPeer(options: {
  readonly how: Refusal;
  /** Path of the signed program whose release it announces. */
  readonly program: string;
  /** z-base-32. */
  readonly publicKey: string;
}): Promise<RefusingPeer> {
  const owner = parsePublicKey(options.publicKey);
  const program = await programStore(options.program).open();
  const { release } = await readRelease(program, owner).finally(() => program.close());
  const failures: unknown[] = [];
  const { dht, network, nodeKey } = await openNode({
    bootstrap: [`${ROUTER}:6881`],
    relay: 'none',
    bindHost: HOSTS[0],
    onError: (error) => failures.push(error),
  });
  const server = serve({
    network,
    owner,
    clock: systemClock,
    offer: () => undefined,
    emit: (event) => failures.push(event),
    ...WAYS[options.how],
  });
  const stop = new AbortController();
  let tellAnnounced: () => void = () => undefined;
  let tellFailed: (error: unknown) => void = () => undefined;
  const announced = new Promise<void>((resolve, reject) => {
    tellAnnounced = resolve;
    tellFailed = reject;
  });
  const announcing = poll({
    intervalMs: 20 * SECOND_MS,
    clock: systemClock,
    random: systemRandom,
    signal: stop.signal,
    turn: async (signal) => {
      const parts = { dht, owner, nodeKey, clock: systemClock, random: systemRandom, signal };
      await announceOnce({ ...parts, topic: v0Topic(owner), release: () => release, hints: () => network.address() });
      tellAnnounced();
    },
    onError: (error) => {
      failures.push(error);
      tellFailed(error);
    },
  });
  const end = async (): Promise<void> => {
    stop.abort();
    await announcing;
    await server.close();
    await Promise.all([network.close(), dht.close()]);
  };
  try {
    await announced;
  } catch (error) {
    await end();
    throw error;
  }
  return {
    nodeId: toHex(network.nodeId),
    addresses: network.address().addresses,
    close: async () => {
      await end();
      if (failures.length > 0) throw new AggregateError(failures, `the peer (${options.how}) had failures of its own`);
    },
  };
}
