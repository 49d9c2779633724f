/**
 * Which proxy the environment names for a URL: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, read as curl reads them.
 *
 * Lower-case names come first. Connects to nothing: see connections.ts.
 *
 * @module
 */
import { BlockList, isIP } from 'node:net';
import { PeerpatchError } from '../../core/base/errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for `url`; undefined: none, connect directly.
 *
 * @throws PeerpatchError PEER_UNREACHABLE for a proxy that is not one of http or https, or whose login cannot be decoded: to go
 *   past it could tell the world what it is there to hide
 */
export function chooseProxy(url: URL, env: Environment): URL | undefined {
  const named = proxyText(url.protocol, env);
  if (named === '' || isExempt(url, valueOf(env, 'no_proxy'))) return undefined;
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(named) ? named : `http://${named}`;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  if (proxy?.protocol === 'http:' || proxy?.protocol === 'https:') {
    if (isDecodable(proxy.username) && isDecodable(proxy.password)) return proxy;
    throw new PeerpatchError(
      'PEER_UNREACHABLE',
      `the user name or password of the proxy ${proxy.host} is not percent-encoded UTF-8: write each % in it as %25, or set NO_PROXY=${url.hostname}`,
    );
  }
  const kind = proxy === undefined ? 'is not an address' : `is of the kind ${proxy.protocol.slice(0, -1)}`;
  throw new PeerpatchError(
    'PEER_UNREACHABLE',
    `the proxy of the environment ${kind}: set HTTPS_PROXY to an http or https proxy, or NO_PROXY=${url.hostname}`,
  );
}

/** Whoever connects decodes the login, and would throw what is taken for a bug. */
function isDecodable(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}

function proxyText(protocol: string, env: Environment): string {
  if (protocol === 'https:') return valueOf(env, 'https_proxy') || valueOf(env, 'all_proxy');
  // In a CGI program HTTP_PROXY is what a client's "Proxy:" header says.
  const own = env['REQUEST_METHOD'] === undefined ? valueOf(env, 'http_proxy') : (env['http_proxy'] ?? '').trim();
  return own || valueOf(env, 'all_proxy');
}

function valueOf(env: Environment, name: string): string {
  return (env[name] || env[name.toUpperCase()] || '').trim();
}

/** A name exempts itself and what is below it; an address itself; a network in CIDR form what is in it. */
function isExempt({ hostname, port, protocol }: URL, noProxy: string): boolean {
  const host = hostname.replace(/^\[|\]$|\.$/g, '').toLowerCase();
  const portNumber = port || (protocol === 'https:' ? '443' : '80');
  return noProxy.split(/[\s,]+/).some((text) => {
    if (text === '') return false;
    if (text === '*') return true;
    const { name, onlyPort } = splitEntry(text.toLowerCase());
    if (onlyPort !== undefined && onlyPort !== portNumber) return false;
    if (isIP(host) !== 0) return inNetwork(host, name);
    return host === name || host.endsWith(`.${name}`);
  });
}

/** `*.example.org`, `.example.org`, `example.org:8443`, `[::1]:8080`, `::1`. */
function splitEntry(text: string): { readonly name: string; readonly onlyPort: string | undefined } {
  const match = /^\[(.+)\](?::(\d+))?$/.exec(text) ?? /^([^:]+)(?::(\d+))?$/.exec(text);
  const name = (match?.[1] ?? text).replace(/^\*?\./, '').replace(/\.$/, '');
  return { name, onlyPort: match?.[2] };
}

function inNetwork(host: string, entry: string): boolean {
  const [network = '', prefix] = entry.split('/');
  const family = isIP(network);
  if (family === 0 || family !== isIP(host)) return false;
  const bits = prefix === undefined ? (family === 4 ? 32 : 128) : Number(prefix);
  if (!Number.isInteger(bits) || bits < 0 || bits > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, bits, type);
  return list.check(host, type);
}
