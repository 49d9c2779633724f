/**
 * Two machines and a cable: one end has the seeder, the DHT and the name server, the other end the updater alone.
 *
 * What crosses the cable is what a release costs on the wire, and its interface counts it.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The names of the public DHT's routers lead here. */
export const ROUTER = '10.77.0.1';
export const NAME_SERVER = '10.77.0.2';
export const SEEDER = '10.77.0.3';
export const UPDATER = '10.77.0.4';
/** One machine each for the other nodes of the DHT, all at the seeder's end. */
export const DHT_HOSTS: readonly string[] = [11, 12, 13, 14, 15, 16, 17, 18].map((last) => `10.77.0.${last}`);

const ROUTER_NAMES = ['router.bittorrent.com', 'dht.transmissionbt.com', 'dht.libtorrent.org', 'relay.pkarr.org'];
/** Its interface at the seeder's end. */
export const CABLE = 'pp0';

/**
 * The command line that runs `command` at the seeder's end. Root makes it as it is; others through a user namespace.
 *
 * @param folder the caller's; holds what both ends see as /etc/hosts and /etc/resolv.conf
 */
export function atTwoEnds(folder: string, command: readonly string[]): [string, ...string[]] {
  writeFileSync(join(folder, 'hosts'), `127.0.0.1 localhost\n${ROUTER} ${ROUTER_NAMES.join(' ')}\n`);
  writeFileSync(join(folder, 'resolv.conf'), `nameserver ${NAME_SERVER}\n`);
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const script = join(import.meta.dirname, 'two-ends.sh');
  return ['unshare', ...asRoot, '--net', '--mount', '--pid', '--fork', '--kill-child', script, folder, ...command];
}

/** The command line that runs `command` at the updater's end, as the same process. */
export function atUpdater(command: readonly string[]): [string, ...string[]] {
  return ['nsenter', '--net=/run/netns/updater', ...command];
}

/** Bytes of whole Ethernet frames since the cable was laid. */
export interface WireBytes {
  readonly toUpdater: number;
  readonly toSeeder: number;
}

export function wireBytes(): WireBytes {
  const line = readFileSync('/proc/net/dev', 'utf8')
    .split('\n')
    .find((each) => each.trimStart().startsWith(`${CABLE}:`));
  const fields = line?.split(':')[1]?.trim().split(/\s+/).map(Number);
  const [toSeeder, toUpdater] = [fields?.[0], fields?.[8]];
  if (toSeeder === undefined || toUpdater === undefined)
    throw new TypeError('the cable is not there: no bytes to count');
  return { toSeeder, toUpdater };
}

/** From now on both directions of the cable pass a token bucket of this rate: packets wait 50 ms at most, then they are lost. */
export function limitCable(mbitPerSecond: number): void {
  const bucket = ['tbf', 'rate', `${mbitPerSecond}mbit`, 'burst', '64kb', 'latency', '50ms'];
  const ends: readonly (readonly [string, ...string[]])[] = [
    ['tc', 'qdisc', 'add', 'dev', CABLE, 'root', ...bucket],
    atUpdater(['tc', 'qdisc', 'add', 'dev', 'pp1', 'root', ...bucket]),
  ];
  for (const [command, ...args] of ends) execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
