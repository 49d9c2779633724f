/**
 * What the transport binds when it is to listen on one address only.
 *
 * @module
 */
import { networkInterfaces } from 'node:os';

/**
 * `host:port` texts, port 0. The transport always binds both address families: the one that was not asked for gets its
 * loopback address, where the machine has one.
 *
 * @param host an IP; undefined means every interface
 */
export function bindAddresses(
  host: string | undefined,
  localAddresses: readonly string[] = machineAddresses(),
): string[] {
  if (host === undefined) return [];
  const [own, other] = host.includes(':') ? [`[${host}]:0`, '127.0.0.1'] : [`${host}:0`, '::1'];
  if (!localAddresses.includes(other)) return [own];
  return [own, other === '::1' ? '[::1]:0' : `${other}:0`];
}

function machineAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
}
