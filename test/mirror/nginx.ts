/**
 * A real nginx with the configuration that Debian installs, on loopback: only ports, paths and the user are other ones.
 *
 * @module
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CERTIFICATE, KEY } from '../fixtures/localhost-certificate.ts';

const NGINX = '/usr/sbin/nginx';
const CONFIGURATION = '/etc/nginx/nginx.conf';
const SITE = '/etc/nginx/sites-available/default';

export interface Nginx {
  /** `http://127.0.0.1:12345`: serves `root`. */
  readonly url: string;
  /** The same over TLS, with a certificate for localhost. */
  readonly secureUrl: string;
  /** The folder that is served. */
  readonly root: string;
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** Stops it and removes its files. */
  readonly end: () => Promise<void>;
}

/** Says in one line why tests are skipped where it is missing. */
export function hasNginx(): boolean {
  if (existsSync(CONFIGURATION) && existsSync(SITE) && spawnSync(NGINX, ['-v']).status === 0) return true;
  console.warn(
    `SKIPPED: tests with a real web server, because ${NGINX} is not installed (apt-get install nginx-light)`,
  );
  return false;
}

export async function startNginx(): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'peerpatch-nginx-'));
  const root = join(folder, 'html');
  mkdirSync(root);
  const [port, securePort] = await freePorts();
  writeFileSync(join(folder, 'cert.pem'), CERTIFICATE);
  writeFileSync(join(folder, 'key.pem'), KEY);
  writeFileSync(join(folder, 'site'), siteFor({ folder, root, port, securePort }));
  writeFileSync(join(folder, 'nginx.conf'), configurationFor(folder));

  let running: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    running = spawn(NGINX, ['-c', join(folder, 'nginx.conf'), '-g', 'daemon off;'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await untilListening(port, running);
  };
  const stop = async (): Promise<void> => {
    if (running?.exitCode !== null) return;
    const exit = once(running, 'exit');
    running.kill('SIGTERM');
    await exit;
  };
  await start();
  return {
    url: `http://127.0.0.1:${port}`,
    secureUrl: `https://localhost:${securePort}`,
    root,
    start,
    stop,
    end: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configurationFor(folder: string): string {
  return replaceEach(readFileSync(CONFIGURATION, 'utf8'), [
    [/^user .*;$/m, `user ${userInfo().username};`],
    [/^pid .*;$/m, `pid ${folder}/pid;`],
    [/\/var\/log\/nginx/g, folder],
    [/include \/etc\/nginx\/sites-enabled\/\*;/, `include ${folder}/site;`],
    [/^http \{$/m, `http {\n\tclient_body_temp_path ${folder}/body;\n\tproxy_temp_path ${folder}/proxy;`],
  ]);
}

interface SiteOptions {
  readonly folder: string;
  readonly root: string;
  readonly port: number;
  readonly securePort: number;
}

function siteFor({ folder, root, port, securePort }: SiteOptions): string {
  const secure = `listen 127.0.0.1:${securePort} ssl;\n\tssl_certificate ${folder}/cert.pem;\n\tssl_certificate_key ${folder}/key.pem;`;
  return replaceEach(readFileSync(SITE, 'utf8'), [
    [/^\tlisten 80 default_server;$/m, `\tlisten 127.0.0.1:${port} default_server;`],
    [/^\tlisten \[::\]:80 default_server;$/m, `\t${secure}`],
    [/^\troot .*;$/m, `\troot ${root};`],
  ]);
}

/** A pattern that finds nothing means that Debian's files are other ones than these tests know. */
function replaceEach(text: string, replacements: readonly (readonly [RegExp, string])[]): string {
  return replacements.reduce((current, [pattern, replacement]) => {
    if (current.search(pattern) < 0) throw new Error(`${String(pattern)} is not in the configuration of nginx`);
    return current.replace(pattern, () => replacement);
  }, text);
}

async function freePorts(): Promise<readonly [number, number]> {
  const servers = [createServer(), createServer()] as const;
  for (const server of servers) await once(server.listen(0, '127.0.0.1'), 'listening');
  const [first, second] = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) await once(server.close(), 'close');
  return [first ?? 0, second ?? 0];
}

async function untilListening(port: number, running: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (running.exitCode !== null) throw new Error(`nginx ended with ${running.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await delay(25);
  }
  throw new Error('nginx does not listen');
}
