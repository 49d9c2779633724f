/**
 * The options of `spawn`: what a host may say, checked before anything starts.
 *
 * @module
 */
import { isIP } from 'node:net';
import { MINUTE_MS, SECOND_MS } from '../../core/base/units.ts';
import { parsePublicKey, formatPublicKey } from '../../core/keys/public-key.ts';
import { checkUpdateMode, type UpdateMode, UpdaterMode } from '../../core/schedule/mode.ts';
import { isAppVersion } from '../../core/statement/app-version.ts';
import { PUBLIC_BOOTSTRAP, parseHostPort } from '../../io/dht/bootstrap-hosts.ts';
import { STAMP_ASSET } from '../../io/executable/assets.ts';
import type { Executable } from '../../io/executable/executable.ts';
import { parseMirrorUrl } from '../../io/mirror/mirror-url.ts';
import type { RelayChoice } from '../../io/net/peer-address.ts';
import type { AgentSettings } from '../messages.ts';
import { invalid } from './option-error.ts';
import { checkTime } from './option-time.ts';
import { preflightMs, type PreflightOptions, type ProbationOptions } from './probation-options.ts';

export type { PreflightOptions, ProbationOptions, RelayChoice };

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
  /**
   * Pause between two looks at the network, a second to a day. Default: one minute, with jitter. A copy announces itself as often:
   * one that does so seldom is hardly found by others.
   */
  readonly intervalMs?: number;
  /** The highest version to take: what is above it is held back, whatever the owner says. Default: any. */
  readonly maxVersion?: string;
  /** Versions never to take. Default: none. People on the machine have "peerpatch skip". */
  readonly skipVersions?: readonly string[];
  /** Only listen on this address: for tests and machines that must not. Default: every interface. */
  readonly bindHost?: string;
  /**
   * Called before the process is replaced: close servers, finish writes. The restart waits for it, at most
   * `restartGraceMs`. A rejection puts the restart off.
   */
  readonly beforeRestart?: () => void | Promise<void>;
  /** Longest wait for `beforeRestart`, at most a day. Default: 30 seconds. */
  readonly restartGraceMs?: number;
  /**
   * A new program is started once to be tried out before it replaces anything: how long that may take (default: 10 seconds), or
   * `false`: it is not tried out.
   */
  readonly preflight?: false | PreflightOptions;
  /** How a new program proves itself, and what brings the one before it back. */
  readonly probation?: ProbationOptions;
  /** How many programs are kept beside the running one to go back to: 1 to 10. Default: 1. */
  readonly keepPrevious?: number;
}

const MAX_KEPT_PROGRAMS = 10;
const SHORTEST_INTERVAL_MS = SECOND_MS;
const DEFAULT_INTERVAL_MS = MINUTE_MS;
export const DEFAULT_RESTART_GRACE_MS: number = 30 * SECOND_MS;

/** Checked and completed. @throws PeerpatchError KEY_MALFORMED, OPTION_INVALID */
export function agentSettings(options: SpawnOptions, program: Executable): AgentSettings {
  const { mode = UpdaterMode.Now, relay = 'n0', intervalMs = DEFAULT_INTERVAL_MS, dht = {}, mirrors = [] } = options;
  checkTime('restartGraceMs', options.restartGraceMs ?? DEFAULT_RESTART_GRACE_MS, 0);
  const bootstrap = dht.bootstrap ?? PUBLIC_BOOTSTRAP;
  if (bootstrap.length === 0) throw invalid('dht.bootstrap', bootstrap, 'at least one "host:port"');
  for (const host of bootstrap) parseHostPort(host);
  return {
    publicKey: formatPublicKey(parsePublicKey(options.publicKey)),
    mode: checkUpdateMode(mode),
    intervalMs: checkTime('intervalMs', intervalMs, SHORTEST_INTERVAL_MS),
    dhtBootstrap: bootstrap,
    dhtPort: checkPort(dht.port ?? 0),
    relay: checkRelay(relay),
    mirrors: checkMirrors(mirrors),
    maxVersion: checkMaxVersion(options.maxVersion),
    skipVersions: checkVersions(options.skipVersions ?? []),
    bindHost: checkIp(options.bindHost),
    programPath: program.path,
    runningStamp: program.readAsset(STAMP_ASSET)?.slice(),
    preflightMs: preflightMs(options.preflight),
    keepPrevious: checkKept(options.keepPrevious ?? 1),
  };
}

function checkKept(count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= MAX_KEPT_PROGRAMS) return count;
  throw invalid('keepPrevious', count, `a whole number from 1 to ${MAX_KEPT_PROGRAMS}`);
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

function checkMaxVersion(version: string | undefined): string | undefined {
  if (version === undefined || isVersion(version)) return version;
  throw invalid('maxVersion', version, 'a version such as 2.4.0');
}

function checkVersions(versions: readonly string[]): readonly string[] {
  if (Array.isArray(versions) && versions.every(isVersion)) return versions;
  throw invalid('skipVersions', versions, 'a list of versions such as 2.4.0');
}

function isVersion(value: unknown): value is string {
  return typeof value === 'string' && isAppVersion(value);
}
