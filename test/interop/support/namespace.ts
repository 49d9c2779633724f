/**
 * A machine of the tests' own: a network namespace with its own names, and nothing of the world outside.
 *
 * The names of the routers that rustpatcher joins by lead to `ROUTER`, port 6881 and 25401; the system's name server is
 * `NAME_SERVER`, port 53. Whoever wants to be found there binds them (support/name-server.ts, a private DHT).
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** All four router names of the mainline crate lead here. */
export const ROUTER = '10.77.0.1';
export const NAME_SERVER = '10.77.0.2';
/** For programs that want an address of their own. */
export const HOSTS = ['10.77.0.3', '10.77.0.4'] as const;

const ROUTER_NAMES = ['router.bittorrent.com', 'dht.transmissionbt.com', 'dht.libtorrent.org', 'relay.pkarr.org'];

/**
 * The command line that runs `command` in a new namespace. Root makes it as it is; others through a user namespace.
 *
 * @param folder empty, the caller's; holds what the namespace sees as /etc/hosts and /etc/resolv.conf.
 */
export function isolated(folder: string, command: readonly string[]): [string, ...string[]] {
  writeFileSync(join(folder, 'hosts'), `127.0.0.1 localhost\n${ROUTER} ${ROUTER_NAMES.join(' ')}\n`);
  writeFileSync(join(folder, 'resolv.conf'), `nameserver ${NAME_SERVER}\n`);
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const script = join(import.meta.dirname, 'namespace.sh');
  return ['unshare', ...asRoot, '--net', '--mount', '--pid', '--fork', '--kill-child', script, folder, ...command];
}

/** Why no namespace can be made here, or nothing. `folder` as for {@link isolated}. */
export function whyNotIsolated(folder: string): string | undefined {
  const [command, ...args] = isolated(folder, ['true']);
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return undefined;
  const reason = error?.message ?? stderr.trim().split('\n').join(' ');
  return `no network namespace can be made (needs util-linux, iproute2, and root or user namespaces): ${reason}`;
}
