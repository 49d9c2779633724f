/**
 * Opens what a node needs of the outside: the DHT, the transport, and the key they share.
 *
 * The one place that chooses between adapters. The node's key is new at each start: it names this process, not its owner.
 *
 * @module
 */
import { isPeerpatchError, type PeerpatchError } from '../../core/base/errors.ts';
import { ed25519Signer, type Ed25519Signer } from '../../core/crypto/ed25519.ts';
import { parseBootstrapHosts, PUBLIC_BOOTSTRAP } from '../../io/dht/bootstrap-hosts.ts';
import { MainlineDht } from '../../io/dht/mainline.ts';
import { bindAddresses } from '../../io/net/bind-addresses.ts';
import { openIroh } from '../../io/net/iroh.ts';
import { noTransport } from '../../io/net/no-transport.ts';
import { systemClock } from '../../io/system/clock.ts';
import { systemRandom } from '../../io/system/random.ts';
import type { Dht } from '../../ports/dht.ts';
import type { Network } from '../../ports/network.ts';
import type { RelayChoice } from '../../io/net/peer-address.ts';
import { irohAddon, isBuiltForMirrors } from '../addon.ts';

export interface NodeOptions {
  /** `host:port` of DHT nodes to start from. Default: the public Mainline DHT. */
  readonly bootstrap?: readonly string[] | undefined;
  /** UDP port of the DHT client. Default: any free one. */
  readonly dhtPort?: number | undefined;
  /** Default: n0's. */
  readonly relay?: RelayChoice | undefined;
  /** The only address to listen on. Default: every interface. */
  readonly bindHost?: string | undefined;
  /** Failures that belong to no call, a lost socket for example. */
  readonly onError: (error: PeerpatchError) => void;
}

export interface OpenNode {
  readonly dht: Dht;
  readonly network: Network;
  readonly nodeKey: Ed25519Signer;
}

/** @throws PeerpatchError OPTION_INVALID, DHT_BIND_FAILED, TRANSPORT_UNAVAILABLE */
export async function openNode(options: NodeOptions): Promise<OpenNode> {
  const dht = await openDht(options);
  try {
    return { dht, ...(await openNetwork(options)) };
  } catch (error) {
    await dht.close();
    throw error;
  }
}

/** The transport alone: for whoever has a DHT. @throws PeerpatchError OPTION_INVALID, TRANSPORT_UNAVAILABLE */
export async function openNetwork({ relay, bindHost }: NodeOptions): Promise<Omit<OpenNode, 'dht'>> {
  const seed = systemRandom.bytes(32);
  const nodeKey = ed25519Signer(seed);
  const network = isBuiltForMirrors()
    ? noTransport(nodeKey.publicKey)
    : await openIroh({ addon: await irohAddon(), seed, relay, bind: bindAddresses(bindHost) });
  return { network, nodeKey };
}

/** The DHT alone: enough to look, not to fetch. @throws PeerpatchError OPTION_INVALID, DHT_BIND_FAILED */
export function openDht({ bootstrap = PUBLIC_BOOTSTRAP, dhtPort = 0, bindHost, onError }: NodeOptions): Promise<Dht> {
  return MainlineDht.open({
    bootstrap: parseBootstrapHosts(bootstrap),
    port: dhtPort,
    random: systemRandom,
    clock: systemClock,
    // A tool lives as long as its sockets; the agent's thread is one that no process waits for.
    keepAlive: true,
    onError: (error) => {
      if (!isPeerpatchError(error)) throw error;
      onError(error);
    },
    ...(bindHost !== undefined && { host: bindHost }),
  });
}
