/**
 * Where a mirror may send its readers. Spec: docs/spec/15-mirror.md. Pure: follows nothing.
 *
 * @module
 */
import { isIP } from 'node:net';
import { PeerpatchError } from '../../core/base/errors.ts';
import { isPublicAddress, privateTarget } from './public-address.ts';

/** Bytes of a `Location` that are looked at. */
const MAX_LOCATION_BYTES = 2048;

/**
 * The address that a redirect leads to.
 *
 * @param home the mirror's own address: its host may be private, no other
 * @throws PeerpatchError PEER_MISBEHAVED
 */
export function followRedirect(location: string | undefined, from: URL, home: URL): URL {
  if (location === undefined || location.length > MAX_LOCATION_BYTES || !URL.canParse(location, from.href))
    throw refused('to no address');
  const to = new URL(location, from);
  if (to.protocol !== 'http:' && to.protocol !== 'https:') throw refused(`to the scheme ${to.protocol.slice(0, 16)}`);
  // Whoever listens between here and there would learn what https keeps from him.
  if (from.protocol === 'https:' && to.protocol === 'http:') throw refused('from https to http');
  if (to.username !== '' || to.password !== '') throw refused('with a password in the address');
  const host = hostOf(to);
  if (!isAtHome(to, home) && isIP(host) !== 0 && !isPublicAddress(host)) throw privateTarget(host);
  return to;
}

/** Whether the address is on the mirror's own host, on whatever port. */
export function isAtHome(url: URL, home: URL): boolean {
  return url.hostname === home.hostname;
}

/** Without the brackets of an IPv6 address. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function refused(reason: string): PeerpatchError {
  return new PeerpatchError('PEER_MISBEHAVED', `the mirror redirects ${reason}: this is not followed`);
}
