/**
 * Web servers and proxies on loopback, for tests of mirrors. Each test's are closed after it.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import {
  connect,
  createServer as createRawServer,
  type AddressInfo,
  type Server as RawServer,
  type Socket,
} from 'node:net';
import { afterEach } from 'vitest';
import { CERTIFICATE, KEY } from '../fixtures/localhost-certificate.ts';

export interface WebServer {
  /** `http://127.0.0.1:12345`, without a slash at its end. */
  readonly url: string;
  readonly port: number;
  /** Method and URL of each request, in order. */
  readonly requests: readonly string[];
  /** Connections so far. */
  readonly connections: () => number;
  /** Resolves when a request has come that nobody has waited for yet. */
  readonly nextRequest: () => Promise<IncomingMessage>;
}

export interface WebServers {
  readonly serve: (listener: RequestListener, options?: ServeOptions) => Promise<WebServer>;
  /** Speaks whatever bytes it likes. */
  readonly serveRaw: (listener: (socket: Socket) => void) => Promise<{ readonly url: string; readonly port: number }>;
  readonly proxy: (options?: ProxyOptions) => Promise<WebServer>;
}

export interface ServeOptions {
  readonly isSecure?: boolean;
  /** Default 127.0.0.1. */
  readonly host?: string;
}

export interface ProxyOptions {
  /** Answers with this status instead of passing anything on. */
  readonly refuseWith?: number;
  /** `user:password` that clients must send. */
  readonly login?: string;
  /** Never answers CONNECT. */
  readonly isSilent?: boolean;
}

/** Call it in a `describe` or at the top of a file. */
export function useWebServers(): WebServers {
  const open: { readonly server: Server | RawServer; readonly sockets: Set<Socket> }[] = [];
  afterEach(async () => {
    for (const { server, sockets } of open.splice(0)) {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    }
  });

  const start = async (
    server: Server | RawServer,
    host: string,
  ): Promise<{ port: number; connections: () => number }> => {
    const sockets = new Set<Socket>();
    let count = 0;
    server.on('connection', (socket: Socket) => {
      count += 1;
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => undefined); // clients that are gone
    });
    open.push({ server, sockets });
    server.listen(0, host);
    await once(server, 'listening');
    return { port: (server.address() as AddressInfo).port, connections: () => count };
  };

  const serve: WebServers['serve'] = async (listener, { isSecure = false, host = '127.0.0.1' } = {}) => {
    const requests: string[] = [];
    const arrived: IncomingMessage[] = [];
    const waiting: ((request: IncomingMessage) => void)[] = [];
    const note = (incoming: IncomingMessage): void => {
      requests.push(`${incoming.method ?? ''} ${incoming.url ?? ''}`);
      const next = waiting.shift();
      if (next === undefined) arrived.push(incoming);
      else next(incoming);
    };
    const server = isSecure ? createSecureServer({ cert: CERTIFICATE, key: KEY }) : createServer();
    server.on('request', (incoming, response) => {
      note(incoming);
      listener(incoming, response);
    });
    server.on('connect', note);
    const { port, connections } = await start(server, host);
    const name = isSecure ? 'localhost' : host.includes(':') ? `[${host}]` : host;
    return {
      url: `${isSecure ? 'https' : 'http'}://${name}:${port}`,
      port,
      requests,
      connections,
      nextRequest: () => {
        const next = arrived.shift();
        return next === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(next);
      },
    };
  };

  return {
    serve,
    serveRaw: async (listener) => {
      const { port } = await start(createRawServer(listener), '127.0.0.1');
      return { url: `http://127.0.0.1:${port}`, port };
    },
    proxy: async ({ refuseWith, login, isSilent = false } = {}) => {
      const refusal = (headers: IncomingMessage['headers']): number | undefined => {
        const wanted = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`;
        return headers['proxy-authorization'] === wanted ? refuseWith : 407;
      };
      const proxy = await serve((incoming, response) => {
        const status = refusal(incoming.headers);
        if (status !== undefined) {
          response.writeHead(status).end('no');
          return;
        }
        const onwards = request(new URL(incoming.url ?? ''), { headers: incoming.headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 0, answer.headers);
          answer.pipe(response);
        });
        onwards.on('error', () => response.writeHead(502).end()).end();
      });
      const { server } = open.at(-1) ?? {};
      server?.on('connect', (incoming: IncomingMessage, client: Socket) => {
        if (isSilent) return;
        const status = refusal(incoming.headers);
        if (status !== undefined) {
          client.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
          return;
        }
        // The name is the proxy's to look up: in tests every name is this machine.
        const onwards = connect(Number(incoming.url?.split(':').at(-1)), '127.0.0.1', () => {
          client.write('HTTP/1.1 200 Connected\r\n\r\n');
          onwards.pipe(client).pipe(onwards);
        });
        onwards.on('error', () => client.destroy());
        client.on('close', () => onwards.destroy());
      });
      return proxy;
    },
  };
}
