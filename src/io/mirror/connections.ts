/**
 * The way to a web server, over connections that are kept between requests: straight, or through the proxy of the environment.
 *
 * Through a proxy, https goes by CONNECT and stays encrypted end to end; http is asked of the proxy itself, because most proxies
 * let CONNECT through to port 443 alone.
 *
 * @module
 */
import { setMaxListeners } from 'node:events';
import { Agent as HttpAgent, type AgentOptions, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { chooseProxy, type Environment } from './proxy-choice.ts';

export interface Route {
  /** Whether the next machine is spoken to in TLS: `https.get` or `http.get`. */
  readonly isSecure: boolean;
  /** Where to connect and what to ask for there; headers too. */
  readonly options: Omit<RequestOptions, 'headers'> & { readonly headers: Readonly<Record<string, string>> };
  /** Host and port of the proxy, for messages: without its password. */
  readonly proxy: string | undefined;
}

export interface Connections {
  /** @throws PeerpatchError PEER_UNREACHABLE for a proxy that cannot be used */
  routeTo(url: URL): Route;
  /** Ends every connection, those that are being made too. */
  close(): void;
}

/**
 * @param lanes connections to one server
 * @param env copied: what changes in it later has no effect
 */
export function createConnections(lanes: number, env: Environment): Connections {
  const environment = { ...env };
  const closing = new AbortController();
  const settings: AgentOptions = { keepAlive: true, maxSockets: lanes, maxFreeSockets: lanes };
  const [http, https] = [new HttpAgent(settings), new HttpsAgent(settings)];
  const tunnels = new Map<string, HttpAgent>(); // by proxy

  const tunnelThrough = (proxy: URL): HttpAgent => {
    let tunnel = tunnels.get(proxy.href);
    // A proxy that never answers CONNECT holds a socket which no request knows of: the signal ends it.
    if (tunnel === undefined) tunnel = new HttpsProxyAgent(proxy, { ...settings, signal: closing.signal });
    tunnels.set(proxy.href, tunnel);
    return tunnel;
  };
  setMaxListeners(0, closing.signal);

  return {
    routeTo(url) {
      const isSecure = url.protocol === 'https:';
      const proxy = chooseProxy(url, environment);
      if (proxy === undefined) {
        return { isSecure, options: { ...straightTo(url), agent: isSecure ? https : http }, proxy };
      }
      if (isSecure) {
        return { isSecure, options: { ...straightTo(url), agent: tunnelThrough(proxy) }, proxy: proxy.host };
      }
      const isProxySecure = proxy.protocol === 'https:';
      const agent = isProxySecure ? https : http;
      return { isSecure: isProxySecure, options: { ...askedOf(proxy, url), agent }, proxy: proxy.host };
    },
    close() {
      closing.abort();
      for (const agent of [http, https, ...tunnels.values()]) agent.destroy();
    },
  };
}

function straightTo(url: URL): Route['options'] {
  return { ...urlToHttpOptions(url), headers: {} };
}

/** The proxy is asked for the whole address. */
function askedOf(proxy: URL, url: URL): Route['options'] {
  const { protocol, hostname, port } = urlToHttpOptions(proxy);
  const login = [proxy.username, proxy.password].map(decodeURIComponent).join(':');
  const authorization = `Basic ${Buffer.from(login).toString('base64')}`;
  return {
    protocol,
    hostname,
    port,
    path: `${url.origin}${url.pathname}${url.search}`,
    headers: { host: url.host, ...(login !== ':' && { 'proxy-authorization': authorization }) },
  };
}
