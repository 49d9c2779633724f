/**
 * Which of a peer's address hints are worth a try. They come from strangers.
 *
 * @module
 */
import { isIP } from 'node:net';
import { PeerpatchError } from '../../core/base/errors.ts';
import { MAX_DIALED_ADDRESSES, MAX_RELAY_URL_BYTES } from '../../core/base/limits.ts';
import type { PeerAddress } from '../../ports/network.ts';

/**
 * Which relays a node uses: those of n0, none, or own ones by URL. With own relays or none no third party is asked: peers are
 * found by the addresses in their records alone.
 */
export type RelayChoice = 'n0' | 'none' | readonly string[];

/** What of a peer's hints is tried. With n0's relays both may be empty: n0's discovery is asked. */
export interface Route {
  /** `host:port` */
  readonly addresses: string[];
  readonly relay: string | null;
}

/** @throws PeerpatchError PEER_UNREACHABLE when there is nothing to try and nobody to ask */
export function routeTo({ addresses, relayUrl }: PeerAddress, choice: RelayChoice): Route {
  const route = { addresses: dialableAddresses(addresses), relay: dialableRelay(relayUrl, choice) };
  if (choice === 'n0' || route.addresses.length > 0 || route.relay !== null) return route;
  throw new PeerpatchError(
    'PEER_UNREACHABLE',
    "the peer's record says nowhere to look for it, as those of rustpatcher do: choose the relays of n0 to find it",
  );
}

/** The IP addresses with port among the hints, at most eight. Names are dropped: nobody makes us ask a name server. */
export function dialableAddresses(addresses: readonly string[]): string[] {
  return addresses.filter(isSocketAddress).slice(0, MAX_DIALED_ADDRESSES);
}

/** The relay to reach a peer by, or null: own relays are used alone, n0's leave the peer its choice. */
export function dialableRelay(relayUrl: string | undefined, choice: RelayChoice): string | null {
  if (relayUrl === undefined || choice === 'none' || !isRelayUrl(relayUrl)) return null;
  if (choice === 'n0') return relayUrl;
  const known = choice.some((own) => isRelayUrl(own) && new URL(own).href === new URL(relayUrl).href);
  return known ? relayUrl : null;
}

/** Whether a text is a URL a relay can have. */
export function isRelayUrl(text: string): boolean {
  return text.length <= MAX_RELAY_URL_BYTES && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function isSocketAddress(text: string): boolean {
  const match = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+)):(\d{1,5})$/i.exec(text);
  if (match === null) return false;
  const [, v6, v4, port] = match;
  const host = v6 === undefined ? isIP(v4 ?? '') === 4 : isIP(v6) === 6;
  return host && Number(port) > 0 && Number(port) <= 0xffff;
}
