/**
 * A transport that is opened when somebody is to be connected to: who finds everything at a mirror needs none.
 *
 * @module
 */
import { orAbort } from '../../core/base/abort.ts';
import type { Network } from '../../ports/network.ts';

export interface LateNetwork extends Pick<Network, 'connect'> {
  /** Closes it where it was opened. Never rejects. */
  close(): Promise<void>;
}

/** What `open` throws is what every connection fails with: it is called once. */
export function lateNetwork(open: () => Promise<Network>): LateNetwork {
  let opening: Promise<Network> | undefined;
  return {
    connect: async (peer, alpn, signal) => {
      opening ??= open();
      const network = await orAbort(opening, signal);
      return network.connect(peer, alpn, signal);
    },
    close: async () => {
      const network = await opening?.catch(() => undefined); // never opened: nothing to close
      await network?.close();
    },
  };
}
