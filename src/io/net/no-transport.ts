/**
 * The Network port of a program built without the transport: reaches nobody and is reached by nobody.
 *
 * Such a program finds statements in the DHT and fetches from mirrors.
 *
 * @module
 */
import { PeerpatchError } from '../../core/base/errors.ts';
import type { Network } from '../../ports/network.ts';

/** @param nodeId 32 bytes */
export function noTransport(nodeId: Uint8Array): Network {
  return {
    nodeId,
    hasTransport: false,
    address: () => ({ nodeId, addresses: [] }),
    connect: () =>
      Promise.reject(
        new PeerpatchError(
          'PEER_UNREACHABLE',
          'this program was built without the transport (--mirrors-only): give it a mirror, or build it with the transport',
        ),
      ),
    listen: () => undefined,
    close: () => Promise.resolve(),
  };
}
