/**
 * `peerpatch check`: one look at the network. Which release is newest, and who offers it.
 *
 * @module
 */
import { checkNetwork, toHex } from '../../index.ts';
import { addPeerFlags, peerOptions, type PeerFlags } from '../peer-flags.ts';
import type { RegisterCommand } from '../run.ts';

export const checkCommand: RegisterCommand = (program, context, finish) => {
  addPeerFlags(program.command('check').description("look for the owner's newest release on the network")).action(
    finish(async (flags: PeerFlags) => {
      const { version, release, peers } = await checkNetwork(peerOptions(flags, context.signal));
      const offers = peers.map(({ nodeId, addresses, relayUrl }) => ({
        nodeId: toHex(nodeId),
        addresses,
        ...(relayUrl !== undefined && { relayUrl }),
      }));
      const lines = offers.map(({ nodeId, addresses }) => `  ${nodeId}  ${addresses.join(' ')}`.trimEnd());
      return {
        text: [`${version}, offered by ${peers.length} ${peers.length === 1 ? 'peer' : 'peers'}`, ...lines].join('\n'),
        json: { version, sizeBytes: release.sizeBytes, hash: toHex(release.hash), peers: offers },
      };
    }),
  );
};
