/**
 * Runs one DHT node that others start from: a private network begins with it.
 *
 * @module
 */
import { parseHostPort } from '../../core/dht/host-port.ts';
import { PeerpatchError } from '../../core/base/errors.ts';
import { MainlineDht } from '../../io/dht/mainline.ts';
import { systemClock } from '../../io/system/clock.ts';
import { systemRandom } from '../../io/system/random.ts';

export interface BootstrapNodeOptions {
  /** The IP to listen on. Default `0.0.0.0`: every IPv4 address. */
  readonly host?: string;
  /** UDP port. Default 6881; 0: any free one. */
  readonly port?: number;
  /** `host:port` of nodes of a network to join. Default: none, a new network. */
  readonly bootstrap?: readonly string[];
  /** Failures while it runs: a socket lost and reopened, a name that does not resolve. */
  readonly onError?: (error: unknown) => void;
}

export interface BootstrapNode {
  /** `host:port` it listens on. */
  readonly address: string;
  /** Nodes it knows now. */
  contacts(): number;
  /** Items it keeps now. */
  storedItems(): number;
  close(): Promise<void>;
}

const DEFAULT_PORT = 6881;

/**
 * Starts the node; it keeps the process alive until closed.
 *
 * @throws PeerpatchError OPTION_INVALID, DHT_BIND_FAILED
 */
export async function startBootstrapNode(options: BootstrapNodeOptions = {}): Promise<BootstrapNode> {
  const { host = '0.0.0.0', port = DEFAULT_PORT, bootstrap = [], onError } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new PeerpatchError('OPTION_INVALID', `${port} is not a UDP port: expected a number from 0 to 65535`);
  }
  const dht = await MainlineDht.open({
    bootstrap: bootstrap.map(parseHostPort),
    mode: 'node',
    host,
    port,
    random: systemRandom,
    clock: systemClock,
    keepAlive: true,
    ...(onError && { onError }),
  });
  return {
    address: dht.addresses.join(', '),
    contacts: () => dht.contacts,
    storedItems: () => dht.storedItems,
    close: () => dht.close(),
  };
}
