/**
 * The options of `spawn`: what a host may say, checked before anything starts.
 *
 * @module
 */
import { isIP } from 'node:net';
import { PeerpatchError } from '../../core/base/errors.ts';
import { MINUTE_MS, SECOND_MS } from '../../core/base/units.ts';
import { parsePublicKey, formatPublicKey } from '../../core/keys/public-key.ts';
import { checkUpdateMode, type UpdateMode, UpdaterMode } from '../../core/schedule/mode.ts';
import { PUBLIC_BOOTSTRAP, parseHostPort } from '../../io/dht/bootstrap-hosts.ts';
import { STAMP_ASSET } from '../../io/executable/assets.ts';
import type { Executable } from '../../io/executable/executable.ts';
import { parseMirrorUrl } from '../../io/mirror/mirror-url.ts';
import type { RelayChoice } from '../../io/net/peer-address.ts';
import type { AgentSettings } from '../messages.ts';

export type { RelayChoice };

export interface DhtOptions {
  /** `host:port` of nodes to start from. Default: the public Mainline DHT. */
  readonly bootstrap?: readonly string[];
  /** UDP port to use. Default: any free one. */
  readonly port?: number;
}

export interface SpawnOptions {
  /** The owner's public key, as `peerpatch gen` printed it. */
  readonly publicKey: string;
  /** When an installed update starts running. Default: `UpdaterMode.Now`. */
  readonly mode?: UpdateMode;
  readonly dht?: DhtOptions;
  /** Relays for peers behind NAT: n0's (default), none, or own relay URLs. */
  readonly relay?: RelayChoice;
  /** Addresses of folders that `peerpatch export` wrote. Those that a release names are used as well. */
  readonly mirrors?: readonly string[];
  /** Pause between two looks at the network, at least a second. Default: one minute, with jitter. */
  readonly intervalMs?: number;
  /** Only listen on this address: for tests and machines that must not. Default: every interface. */
  readonly bindHost?: string;
  /**
   * Called before the process is replaced: close servers, finish writes. The restart waits for it, at most
   * `restartGraceMs`. A rejection puts the restart off.
   */
  readonly beforeRestart?: () => void | Promise<void>;
  /** Longest wait for `beforeRestart`. Default: 30 seconds. */
  readonly restartGraceMs?: number;
}

const SHORTEST_INTERVAL_MS = SECOND_MS;
const DEFAULT_INTERVAL_MS = MINUTE_MS;
export const DEFAULT_RESTART_GRACE_MS: number = 30 * SECOND_MS;

/** Checked and completed. @throws PeerpatchError KEY_MALFORMED, OPTION_INVALID */
export function agentSettings(options: SpawnOptions, program: Executable): AgentSettings {
  const { mode = UpdaterMode.Now, relay = 'n0', intervalMs = DEFAULT_INTERVAL_MS, dht = {}, mirrors = [] } = options;
  if (!Number.isFinite(intervalMs) || intervalMs < SHORTEST_INTERVAL_MS) {
    throw invalid('intervalMs', intervalMs, `a number of milliseconds from ${SHORTEST_INTERVAL_MS} up`);
  }
  const bootstrap = dht.bootstrap ?? PUBLIC_BOOTSTRAP;
  if (bootstrap.length === 0) throw invalid('dht.bootstrap', bootstrap, 'at least one "host:port"');
  for (const host of bootstrap) parseHostPort(host);
  return {
    publicKey: formatPublicKey(parsePublicKey(options.publicKey)),
    mode: checkUpdateMode(mode),
    intervalMs,
    dhtBootstrap: bootstrap,
    dhtPort: checkPort(dht.port ?? 0),
    relay: checkRelay(relay),
    mirrors: checkMirrors(mirrors),
    bindHost: checkIp(options.bindHost),
    programPath: program.path,
    runningStamp: program.readAsset(STAMP_ASSET)?.slice(),
  };
}

function checkIp(host: string | undefined): string | undefined {
  if (host === undefined || isIP(host) !== 0) return host;
  throw invalid('bindHost', host, 'an IP address of this machine');
}

function checkPort(port: number): number {
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw invalid('dht.port', port, 'a port number from 0 to 65535');
}

function checkRelay(relay: RelayChoice): RelayChoice {
  if (relay === 'n0' || relay === 'none') return relay;
  const urls: readonly unknown[] = Array.isArray(relay) ? relay : [];
  if (urls.length > 0 && urls.every((url) => typeof url === 'string' && URL.canParse(url))) return relay;
  throw invalid('relay', relay, '"n0", "none", or a list of relay URLs');
}

function checkMirrors(mirrors: readonly string[]): readonly string[] {
  const urls: readonly unknown[] = Array.isArray(mirrors) ? mirrors : [mirrors];
  if (!urls.every((url) => typeof url === 'string')) throw invalid('mirrors', mirrors, 'a list of URLs');
  for (const url of urls) parseMirrorUrl(url);
  return urls;
}

function invalid(option: string, value: unknown, expected: string): PeerpatchError {
  return new PeerpatchError('OPTION_INVALID', `option ${option} is ${JSON.stringify(value)}: expected ${expected}`);
}
