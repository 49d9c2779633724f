/**
 * Where a DHT node first asks: the public nodes by default, private ones by option; names become addresses here.
 *
 * Names are looked up per address family: a system that lists IPv6 first would leave an IPv4 socket without any address.
 *
 * @module
 */
import { lookup } from 'node:dns/promises';
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

/**
 * The addresses behind `hosts` in one family.
 *
 * @param onError a name that did not resolve; the others still count
 */
export async function resolveBootstrap(
  hosts: readonly HostPort[],
  family: Family,
  resolve: ResolveName,
  onError: (error: unknown) => void,
): Promise<readonly NodeAddress[]> {
  const lists = await Promise.all(
    hosts
      .filter((host) => mayHaveFamily(host, family))
      .map(async ({ host, port }) => {
        try {
          const texts = parseIp(host) === undefined ? await resolve(host, family) : [host];
          return texts.flatMap((text) => {
            const ip = parseIp(text);
            return ip === undefined ? [] : [addressOf(ip, port)];
          });
        } catch (error) {
          onError(error);
          return [];
        }
      }),
  );
  return lists.flat();
}
