/**
 * Where a DHT node first asks: the public nodes by default, private ones by option; names become addresses here.
 *
 * Names are looked up per address family: a system that lists IPv6 first would leave an IPv4 socket without any address.
 *
 * @module
 */
import { lookup } from 'node:dns/promises';
import { PeerpatchError } from '../../core/base/errors.ts';
import { addressOf, parseIp, type Family, type NodeAddress } from '../../core/dht/address.ts';
import { parseHostPort, type HostPort } from '../../core/dht/host-port.ts';

/** Well-known nodes of the public Mainline DHT, `host:port`. */
export const PUBLIC_BOOTSTRAP: readonly string[] = [
  'router.bittorrent.com:6881',
  'dht.transmissionbt.com:6881',
  'dht.libtorrent.org:25401',
  'relay.pkarr.org:6881',
];

export { parseHostPort, type HostPort };

/** Reads the `host:port` texts of an option. @throws PeerpatchError OPTION_INVALID */
export function parseBootstrapHosts(texts: readonly string[]): readonly HostPort[] {
  return texts.map(parseHostPort);
}

/** The IPs of a name in one family; rejects when there are none. */
export type ResolveName = (name: string, family: Family) => Promise<readonly string[]>;

export const resolveName: ResolveName = async (name, family) => {
  const found = await lookup(name, { family: family === 'ipv4' ? 4 : 6, all: true });
  return found.map(({ address }) => address);
};

/** Whether `host` can have an address of this family: names can, IPs only of their own. */
export function mayHaveFamily({ host }: HostPort, family: Family): boolean {
  const ip = parseIp(host);
  return ip === undefined || (ip.length === 4) === (family === 'ipv4');
}

export interface BootstrapOptions {
  readonly hosts: readonly HostPort[];
  /** Those that have a socket. */
  readonly families: readonly Family[];
  readonly resolve: ResolveName;
  /** A name without any address: DHT_UNREACHABLE, once until it has one. The other nodes still count. */
  readonly onError: (error: PeerpatchError) => void;
}

/** The nodes to start from, for the sockets of all families. */
export interface BootstrapNodes {
  /** Their addresses in one family, looked up now. Never rejects. */
  addresses(family: Family): Promise<readonly NodeAddress[]>;
}

export function bootstrapNodes({ hosts, families, resolve, onError }: BootstrapOptions): BootstrapNodes {
  const told = new Set<string>();

  const lookUp = async (host: string, family: Family): Promise<readonly string[]> => {
    try {
      const found = await resolve(host, family);
      told.delete(host);
      return found;
    } catch (cause) {
      // Most names have an address in one family only.
      const others = families.filter((other) => other !== family);
      const elsewhere = await Promise.allSettled(others.map((other) => resolve(host, other)));
      const isKnown = elsewhere.some((outcome) => outcome.status === 'fulfilled' && outcome.value.length > 0);
      if (!isKnown && !told.has(host)) {
        told.add(host);
        onError(noAddress(host, cause));
      }
      return [];
    }
  };

  return {
    addresses: async (family) => {
      const lists = await Promise.all(
        hosts
          .filter((host) => mayHaveFamily(host, family))
          .map(async ({ host, port }) => {
            const texts = parseIp(host) === undefined ? await lookUp(host, family) : [host];
            return texts.flatMap((text) => {
              const ip = parseIp(text);
              return ip === undefined ? [] : [addressOf(ip, port)];
            });
          }),
      );
      return lists.flat();
    },
  };
}

function noAddress(host: string, cause: unknown): PeerpatchError {
  const message = `the DHT node ${host} has no address: check the name and the name server, or give an IP address instead`;
  return new PeerpatchError('DHT_UNREACHABLE', message, { cause });
}
