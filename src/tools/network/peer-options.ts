/**
 * Options shared by the tools that take part in the network: `seed`, `check` and `fetch`.
 *
 * @module
 */
import type { RelayChoice } from '../../io/net/peer-address.ts';

export interface PeerOptions {
  /** The owner's public key, z-base-32. */
  readonly publicKey: string;
  /** `host:port` of DHT nodes to start from. Default: the public Mainline DHT. */
  readonly bootstrap?: readonly string[];
  /** Whose relays to use. Default: n0's. */
  readonly relay?: RelayChoice;
  /** Only listen on this address. Default: every interface. */
  readonly bindHost?: string;
  readonly signal?: AbortSignal;
}
