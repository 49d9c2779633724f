import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { brotliCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/core/base/hex.ts';
import { CERTIFICATE } from '../../fixtures/localhost-certificate.ts';
import { getObject as object, HASH, never, useMirrors } from '../../support/mirrors.ts';
import { V0 } from '../../support/stamp-samples.ts';
import { useWebServers } from '../../support/web-servers.ts';

const NAME = toHex(HASH);
const STAMP = new Uint8Array(1280).fill(7);
const servers = useWebServers();
const mirrorAt = useMirrors();

describe('a mirror', () => {
  it('asks for each thing under its name, and for nothing compressed', async () => {
    const server = await servers.serve((_, response) => response.end(STAMP));
    const source = mirrorAt(`${server.url}/some/folder`);
    expect(source.name).toBe(`mirror ${server.url}/some/folder/`);
    expect(await source.stamp(HASH, never)).toEqual(STAMP);
    const { headers } = await server.nextRequest();
    expect(headers).toMatchObject({ 'user-agent': 'peerpatch', 'accept-encoding': 'identity' });
    await source.object('page', HASH, 1280, never);
    await expect(source.statement(HASH, never)).rejects.toMatchObject({ code: 'PEER_MISBEHAVED' }); // 1280 bytes
    const folder = `/some/folder/${V0.owner.publicKeyText}`;
    expect(server.requests).toEqual([
      `GET ${folder}/stamp-${NAME}`,
      `GET ${folder}/objects/00/${NAME}`,
      `GET ${folder}/statement-${NAME}`,
    ]);
    expect(source.receivedBytes).toBe(2 * 1280); // what is announced too long is not read
  });

  it('asks caches on the way for a fresh statement', async () => {
    const server = await servers.serve((_, response) => response.end(new Uint8Array(100)));
    expect(await mirrorAt(server.url).statement(HASH, never)).toHaveLength(100);
    expect((await server.nextRequest()).headers['cache-control']).toBe('no-cache');
  });

  it('keeps its connections, and opens no more than it has lanes', async () => {
    const server = await servers.serve((_, response) => response.end('x'));
    const source = mirrorAt(server.url);
    for (let round = 0; round < 3; round++) await Promise.all(Array.from({ length: 20 }, () => object(source)));
    expect(server.requests).toHaveLength(60);
    expect(server.connections()).toBeLessThanOrEqual(source.lanes);
  });

  it('asks again on another connection when the one it kept turns out to be closed', async () => {
    const used = new WeakSet<object>();
    const server = await servers.serve((request, response) => {
      // What a server does whose time for idle connections is over just then.
      if (used.has(request.socket)) request.socket.destroy();
      else response.end('x');
      used.add(request.socket);
    });
    const source = mirrorAt(server.url);
    for (let round = 0; round < 5; round++) expect(await object(source)).toHaveLength(1);
    expect(server.connections()).toBe(5);
  });

  const statuses: [status: number, result: string | undefined][] = [
    [403, undefined],
    [404, undefined],
    [410, undefined],
    [429, 'PEER_UNREACHABLE'],
    [500, 'PEER_UNREACHABLE'],
    [503, 'PEER_UNREACHABLE'],
    [511, 'PEER_UNREACHABLE'],
    [400, 'PEER_REFUSED'],
    [401, 'PEER_REFUSED'],
    [451, 'PEER_REFUSED'],
    [204, 'PEER_MISBEHAVED'],
    [206, 'PEER_MISBEHAVED'],
    [304, 'PEER_MISBEHAVED'],
  ];
  it.each(statuses)('takes status %i as %s', async (status, result) => {
    const server = await servers.serve((_, response) => response.writeHead(status).end());
    const answer = object(mirrorAt(server.url));
    if (result === undefined) expect(await answer).toBeUndefined();
    else await expect(answer).rejects.toMatchObject({ code: result });
  });

  it('uses the connection of a 404 again, and does not wait for its page', async () => {
    const short = await servers.serve((_, response) => response.writeHead(404).end('<html>'.repeat(20)));
    const source = mirrorAt(short.url);
    for (let round = 0; round < 20; round++) expect(await object(source)).toBeUndefined();
    // The next request may begin before the last page has ended.
    expect(short.connections()).toBeLessThanOrEqual(2);
    const closed: Promise<unknown>[] = [];
    const endless = await servers.serve((_, response) => {
      closed.push(once(response, 'close'));
      writeForever(response.writeHead(404));
    });
    expect(await object(mirrorAt(endless.url))).toBeUndefined();
    await closed[0];
  });
});

/** As fast as the client reads, until it goes away. */
function writeForever(response: ServerResponse): void {
  const write = (): void => {
    while (!response.destroyed && response.write(new Uint8Array(65536)));
    if (!response.destroyed) response.once('drain', write);
  };
  write();
}

describe('a mirror that sends too much, too little or something else', () => {
  const bodies: [name: string, answer: (response: ServerResponse) => void, code: string][] = [
    ['a length above the limit', (response) => response.writeHead(200, { 'content-length': 1001 }), 'PEER_MISBEHAVED'],
    ['an endless body', writeForever, 'PEER_MISBEHAVED'],
    [
      'a body cut before its stated length',
      (response) => {
        cut(response, { 'content-length': 900 });
      },
      'PEER_UNREACHABLE',
    ],
    [
      'a body cut between two pieces',
      (response) => {
        cut(response, {});
      },
      'PEER_UNREACHABLE',
    ],
    [
      'a compressed body',
      (response) => response.writeHead(200, { 'content-encoding': 'br' }).end(brotliCompressSync('x')),
      'PEER_MISBEHAVED',
    ],
  ];
  it.each(bodies)('is refused: %s', async (_, answer, code) => {
    const server = await servers.serve((_request, response) => {
      answer(response);
      response.flushHeaders();
    });
    await expect(object(mirrorAt(server.url))).rejects.toMatchObject({ code });
  });

  function cut(response: ServerResponse, headers: Readonly<Record<string, number>>): void {
    response.writeHead(200, headers).write('half', () => setImmediate(() => response.socket?.destroy()));
  }

  it('stops reading an endless body near the limit', async () => {
    const server = await servers.serve((_, response) => {
      writeForever(response);
    });
    const source = mirrorAt(server.url);
    await expect(object(source, 100_000)).rejects.toMatchObject({ code: 'PEER_MISBEHAVED' });
    expect(source.receivedBytes).toBeLessThan(300_000);
  });

  it('takes a body of exactly the limit', async () => {
    const server = await servers.serve((_, response) => response.end(new Uint8Array(1000)));
    expect(await object(mirrorAt(server.url))).toHaveLength(1000);
  });

  it.each([1279, 1281, 0])('refuses a stamp of %i bytes, as a captive portal sends it', async (length) => {
    const server = await servers.serve((_, response) => response.end('<html>'.repeat(300).slice(0, length)));
    await expect(mirrorAt(server.url).stamp(HASH, never)).rejects.toMatchObject({ code: 'PEER_MISBEHAVED' });
  });

  it.each([72, 1069])('refuses a statement of %i bytes', async (length) => {
    const server = await servers.serve((_, response) => response.end(new Uint8Array(length)));
    await expect(mirrorAt(server.url).statement(HASH, never)).rejects.toMatchObject({ code: 'PEER_MISBEHAVED' });
  });

  it.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['a head without end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx'],
  ])('refuses %s', async (_, bytes) => {
    const { url } = await servers.serveRaw((socket) => socket.write(bytes));
    await expect(object(mirrorAt(url))).rejects.toMatchObject({ code: 'PEER_MISBEHAVED' });
  });

  it('names the failure when the connection ends before an answer', async () => {
    const { url } = await servers.serveRaw((socket) => socket.once('data', () => socket.end()));
    await expect(object(mirrorAt(url))).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
  });
});

describe('a mirror that is not there', () => {
  it('is unreachable where nothing listens', async () => {
    const server = await servers.serveRaw(() => undefined);
    const free = server.port === 1 ? 2 : 1; // nobody listens on such a port here
    await expect(object(mirrorAt(`http://127.0.0.1:${free}`))).rejects.toMatchObject({
      code: 'PEER_UNREACHABLE',
      message: `could not reach the mirror at 127.0.0.1:${free}: nothing listens there (ECONNREFUSED)`,
    });
  });

  it('is unreachable under a name that does not exist, with the cause', async () => {
    const failure: unknown = await object(mirrorAt('http://no-such-host.invalid')).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'PEER_UNREACHABLE' });
    expect((failure as Error).cause).toBeInstanceOf(Error);
  });

  it('is reached by an IPv6 address', async () => {
    const server = await servers.serve((_, response) => response.end('six'), { host: '::1' });
    expect(server.url).toMatch(/^http:\/\/\[::1\]:/);
    expect(await object(mirrorAt(server.url))).toHaveLength(3);
  });
});

describe('a mirror over TLS', () => {
  it('is taken with a certificate that is trusted', async () => {
    const server = await servers.serve((_, response) => response.end('x'), { isSecure: true });
    const source = mirrorAt(server.url, { ca: CERTIFICATE });
    for (let round = 0; round < 3; round++) expect(await object(source)).toHaveLength(1);
    expect(server.connections()).toBe(1);
  });

  it('is refused with one that is not, or not for that host, and the cause says which', async () => {
    const server = await servers.serve((_, response) => response.end('x'), { isSecure: true });
    await expect(object(mirrorAt(server.url))).rejects.toMatchObject({
      code: 'PEER_UNREACHABLE',
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    });
    const other = mirrorAt(server.url.replace('localhost', '127.0.0.2'), { ca: CERTIFICATE });
    await expect(object(other)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
    const noTls = await servers.serve((_, response) => response.end('x'));
    await expect(object(mirrorAt(noTls.url.replace('http:', 'https:')))).rejects.toMatchObject({
      code: 'PEER_UNREACHABLE',
    });
    expect(server.requests).toEqual([]);
  });
});
