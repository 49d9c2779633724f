/**
 * Whether an address is one of the public Internet, and a name lookup that yields no other. Spec: docs/spec/15-mirror.md.
 *
 * For redirects to other hosts: a mirror must not be able to make its readers send requests into their own networks.
 *
 * @module
 */
import { lookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { PeerpatchError } from '../../core/base/errors.ts';
import { isLocalIp, isSendable, parseIp } from '../../core/dht/address.ts';

/** @param text an IP: `192.0.2.1`, `2001:db8::1` */
export function isPublicAddress(text: string): boolean {
  const ip = parseIp(text);
  return ip !== undefined && isPublicIp(ip);
}

function isPublicIp(ip: Uint8Array): boolean {
  if (!isSendable(ip, 1) || isLocalIp(ip)) return false;
  const [first = 0, second = 0] = ip;
  if (ip.length === 4) return !(first === 100 && (second & 0xc0) === 64); // behind a provider's NAT
  // 6to4 and NAT64 carry an IPv4 address to where a gateway may send it on.
  if (first === 0x20 && second === 0x02) return isPublicIp(ip.slice(2, 6));
  if (NAT64.every((byte, index) => ip[index] === byte)) return isPublicIp(ip.slice(12));
  return (first & 0xe0) === 0x20;
}

const NAT64: readonly number[] = [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];

/** As the runtime's, but a name with an address that is not public is an error: the name is asked once, just before connecting. */
export const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, options, (error, found: string | LookupAddress[], family) => {
    const addresses =
      typeof found === 'string' ? [found] : (found as LookupAddress[] | undefined)?.map((entry) => entry.address);
    const refused = error === null && !(addresses ?? []).every(isPublicAddress);
    callback(refused ? privateTarget(hostname) : error, found, family);
  });
};

export function privateTarget(host: string): PeerpatchError {
  return new PeerpatchError(
    'PEER_MISBEHAVED',
    `the mirror redirects into a private network, to ${host}: this is not followed`,
  );
}
