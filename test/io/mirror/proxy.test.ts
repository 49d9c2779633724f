/**
 * Mirrors through redirects and through proxies, with real ones on loopback.
 */
import { describe, expect, it } from 'vitest';
import { FETCH_LIMITS } from '../../../src/core/base/limits.ts';
import type { MirrorOptions } from '../../../src/io/mirror/mirror.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { CERTIFICATE } from '../../fixtures/localhost-certificate.ts';
import { getObject, useMirrors } from '../../support/mirrors.ts';
import { useWebServers, type WebServer } from '../../support/web-servers.ts';

const servers = useWebServers();
const mirrorAt = useMirrors();

async function get(url: string, options: Partial<MirrorOptions> = {}): Promise<string | undefined> {
  const bytes = await getObject(mirrorAt(url, { ca: CERTIFICATE, ...options }));
  return bytes && new TextDecoder().decode(bytes);
}

const plain = (isSecure = false): Promise<WebServer> =>
  servers.serve((_, response) => response.end('content'), { isSecure });
const redirecting = (location: (hop: number) => string, isSecure = false): Promise<WebServer> => {
  let hop = 0;
  return servers.serve((_, response) => response.writeHead(302, { location: location(hop++) }).end('see there'), {
    isSecure,
  });
};

describe('a mirror that redirects', () => {
  it('is followed to another port of its host, and from http to https there', async () => {
    const target = await plain(true);
    const http = await redirecting(() => `${target.url}/there`);
    expect(await get(http.url.replace('127.0.0.1', 'localhost'))).toBe('content');
    expect(target.requests).toEqual(['GET /there']);
  });

  it('is followed three times and no more', async () => {
    let url = '';
    const server = await servers.serve((request, response) => {
      const hop = Number(/\d+$/.exec(request.url ?? '')?.[0] ?? 0);
      if (hop === 3) response.end('content');
      else response.writeHead(307, { location: `${url}/hop-${hop + 1}` }).end();
    });
    ({ url } = server);
    expect(await get(url)).toBe('content');
    const endless = await redirecting((hop) => `/${hop}`);
    await expect(get(endless.url)).rejects.toMatchObject({ code: 'PEER_MISBEHAVED' });
    expect(endless.requests).toHaveLength(4);
  });

  it('is not followed from https to http', async () => {
    const target = await plain();
    const server = await redirecting(() => target.url.replace('127.0.0.1', 'localhost'), true);
    await expect(get(server.url)).rejects.toMatchObject({ code: 'PEER_MISBEHAVED' });
    expect(target.requests).toEqual([]);
  });

  it('is not followed into a private network, by address or by a name that means one', async () => {
    const target = await plain();
    for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
      const server = await servers.serve(
        (_, response) => response.writeHead(302, { location: `http://${host}:${target.port}/` }).end(),
        { host: '127.0.0.2' },
      );
      await expect(get(server.url)).rejects.toMatchObject({ code: 'PEER_MISBEHAVED' });
    }
    expect(target.connections()).toBe(0);
  });
});

describe('a proxy of the environment', () => {
  it('is asked for an http mirror as for its own, over connections that are kept', async () => {
    const [target, proxy] = [await plain(), await servers.proxy()];
    const env = { http_proxy: proxy.url };
    const source = mirrorAt(target.url, { env });
    for (let round = 0; round < 3; round++) {
      expect(await getObject(source)).toHaveLength(7);
    }
    expect(proxy.requests[0]).toMatch(new RegExp(`^GET ${target.url}/`));
    expect(proxy.connections()).toBe(1);
  });

  it('passes an https mirror on with CONNECT, and does not see what is in it', async () => {
    const [target, proxy] = [await plain(true), await servers.proxy()];
    expect(await get(target.url, { env: { https_proxy: proxy.url } })).toBe('content');
    expect(proxy.requests).toEqual([`CONNECT localhost:${target.port}`]);
  });

  it('still has the certificate checked', async () => {
    const [target, proxy] = [await plain(true), await servers.proxy()];
    const url = target.url.replace('localhost', 'other.example');
    await expect(get(url, { env: { https_proxy: proxy.url } })).rejects.toMatchObject({
      code: 'PEER_UNREACHABLE',
      cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    });
    expect(target.requests).toEqual([]);
  });

  it('looks names up itself', async () => {
    const [target, proxy] = [await plain(), await servers.proxy()];
    const url = `http://no-such-host.invalid:${target.port}`;
    expect(await get(url, { env: { http_proxy: proxy.url } }).catch((error: unknown) => error)).toMatchObject({
      message: 'the mirror answered with status 502',
    });
    expect(proxy.requests).toHaveLength(1);
  });

  it('gets the user name and password of its address', async () => {
    const [target, secure] = [await plain(), await plain(true)];
    const proxy = await servers.proxy({ login: 'me:p@ss' });
    const url = proxy.url.replace('http://', 'http://me:p%40ss@');
    expect(await get(target.url, { env: { http_proxy: url } })).toBe('content');
    expect(await get(secure.url, { env: { https_proxy: url } })).toBe('content');
    for (const [mirror, name] of [
      [target, 'http_proxy'],
      [secure, 'https_proxy'],
    ] as const) {
      await expect(get(mirror.url, { env: { [name]: proxy.url } })).rejects.toMatchObject({
        code: 'PEER_UNREACHABLE',
        message: expect.stringContaining('wants a user name and password') as string,
      });
    }
  });

  it('whose password is not percent-encoded makes the mirror unreachable, and is not asked', async () => {
    const [target, secure, proxy] = [await plain(), await plain(true), await servers.proxy()];
    const url = proxy.url.replace('http://', 'http://me:100%@');
    for (const mirror of [target, secure]) {
      await expect(get(mirror.url, { env: { all_proxy: url } })).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
    }
    expect(proxy.requests).toEqual([]);
  });

  it.each([403, 404, 503])('that refuses CONNECT with %i is no mirror that has nothing', async (refuseWith) => {
    const [target, proxy] = [await plain(true), await servers.proxy({ refuseWith })];
    await expect(get(target.url, { env: { https_proxy: proxy.url } })).rejects.toMatchObject({
      code: 'PEER_UNREACHABLE',
      message: expect.stringContaining(`through the proxy ${proxy.url.slice(7)}: the proxy refused`) as string,
    });
    expect(target.connections()).toBe(0);
  });

  it('that is not there makes the mirror unreachable: nothing goes past it', async () => {
    const target = await plain();
    const env = { http_proxy: 'http://user:secret@127.0.0.1:1' };
    await expect(get(target.url, { env })).rejects.toMatchObject({
      code: 'PEER_UNREACHABLE',
      message: expect.stringMatching(/through the proxy 127\.0\.0\.1:1: nothing listens there/) as string,
    });
    expect(target.connections()).toBe(0);
  });

  it('that never answers is given up, and its connection is closed with the mirror', async () => {
    const clock = new FakeClock();
    const [target, proxy] = [await plain(true), await servers.proxy({ isSilent: true })];
    const source = mirrorAt(target.url, { clock, env: { https_proxy: proxy.url } });
    const failure = expect(getObject(source)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
    const request = await proxy.nextRequest();
    const closed = new Promise((resolve) => request.socket.once('end', resolve));
    request.socket.resume();
    await expect.poll(() => clock.sleeping).toBe(1);
    await clock.advance(FETCH_LIMITS.connectMs + 1);
    await failure;
    await source.close();
    await closed;
  });

  it('is left out for what NO_PROXY names', async () => {
    const [target, proxy] = [await plain(), await servers.proxy()];
    expect(await get(target.url, { env: { http_proxy: proxy.url, no_proxy: '127.0.0.0/8' } })).toBe('content');
    expect(proxy.requests).toEqual([]);
  });

  it('is the one named when the mirror was opened', async () => {
    const [target, proxy] = [await plain(), await servers.proxy()];
    const env: Record<string, string> = { http_proxy: proxy.url };
    const source = mirrorAt(target.url, { env });
    env['http_proxy'] = 'http://127.0.0.1:1';
    expect(await getObject(source)).toHaveLength(7);
  });
});
