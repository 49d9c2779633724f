/**
 * The flags of commands that take part in the network: whose releases, which DHT, which relays.
 *
 * @module
 */
import { type Command, Option } from 'commander';
import type { PeerOptions } from '../index.ts';

export interface NetworkFlags {
  readonly dht?: string;
  readonly relay: string;
  readonly bindHost?: string;
}

export interface PeerFlags extends NetworkFlags {
  readonly publicKey: string;
}

export function addPeerFlags(command: Command): Command {
  return addNetworkFlags(command.requiredOption('--public-key <z32>', "the owner's public key, as printed by gen"));
}

/** For commands that learn the public key otherwise. */
export function addNetworkFlags(command: Command): Command {
  return command
    .option('--dht <host:port,…>', 'DHT nodes to start from (default: the public Mainline DHT)')
    .option('--relay <n0|none|url,…>', 'relays for peers behind NAT', 'n0')
    .addOption(new Option('--bind-host <address>', 'only listen on this address'));
}

export function peerOptions(flags: PeerFlags, signal: AbortSignal): PeerOptions {
  return {
    publicKey: flags.publicKey,
    relay: flags.relay === 'n0' || flags.relay === 'none' ? flags.relay : flags.relay.split(','),
    signal,
    ...(flags.dht !== undefined && { bootstrap: flags.dht.split(',') }),
    ...(flags.bindHost !== undefined && { bindHost: flags.bindHost }),
  };
}
