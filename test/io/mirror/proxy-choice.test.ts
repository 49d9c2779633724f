import { describe, expect, it } from 'vitest';
import { chooseProxy, type Environment } from '../../../src/io/mirror/proxy-choice.ts';

const choose = (url: string, env: Environment): string | undefined => chooseProxy(new URL(url), env)?.href;
const BOTH = { HTTPS_PROXY: 'http://s.example:3128', HTTP_PROXY: 'http://p.example:8080' };

describe('chooseProxy', () => {
  const cases: [name: string, url: string, env: Environment, proxy: string | undefined][] = [
    ['no proxy without a variable', 'https://a.example/', {}, undefined],
    ['by scheme: https', 'https://a.example/', BOTH, 'http://s.example:3128/'],
    ['by scheme: http', 'http://a.example/', BOTH, 'http://p.example:8080/'],
    ['not the one of http for https', 'https://a.example/', { HTTP_PROXY: 'http://p.example' }, undefined],
    ['lower case first', 'http://a.example/', { ...BOTH, http_proxy: 'http://l.example' }, 'http://l.example/'],
    ['an empty one is none', 'http://a.example/', { http_proxy: ' ' }, undefined],
    ['ALL_PROXY for the rest', 'https://a.example/', { ALL_PROXY: 'http://all.example' }, 'http://all.example/'],
    [
      'a proxy without scheme is http',
      'https://a.example/',
      { https_proxy: 's.example:3128' },
      'http://s.example:3128/',
    ],
    ['a proxy over TLS', 'https://a.example/', { https_proxy: 'https://s.example' }, 'https://s.example/'],
    ['HTTP_PROXY of a CGI program is not believed', 'http://a.example/', { ...BOTH, REQUEST_METHOD: 'GET' }, undefined],
    [
      'http_proxy of a CGI program is',
      'http://a.example/',
      { http_proxy: 'http://l.example', REQUEST_METHOD: 'GET' },
      'http://l.example/',
    ],
  ];
  it.each(cases)('%s', (_, url, env, proxy) => {
    expect(choose(url, env)).toBe(proxy);
  });

  const exempt: [noProxy: string, url: string, isExempt: boolean][] = [
    ['*', 'https://a.example/', true],
    ['a.example', 'https://a.example/', true],
    ['a.example', 'https://A.EXAMPLE./', true],
    ['example', 'https://a.example/', true],
    ['.example', 'https://a.example/', true],
    ['*.example', 'https://a.example/', true],
    ['ample', 'https://a.example/', false],
    ['b.a.example', 'https://a.example/', false],
    ['x, a.example', 'https://a.example/', true],
    ['x a.example', 'https://a.example/', true],
    ['', 'https://a.example/', false],
    [',', 'https://a.example/', false],
    ['a.example:443', 'https://a.example/', true],
    ['a.example:443', 'https://a.example:8443/', false],
    ['a.example:80', 'http://a.example/', true],
    ['10.0.0.1', 'http://10.0.0.1/', true],
    ['10.0.0.0/8', 'http://10.9.9.9/', true],
    ['10.0.0.0/8', 'http://11.9.9.9/', false],
    ['10.0.0.0/40', 'http://10.9.9.9/', false],
    ['0.0.1', 'http://10.0.0.1/', false],
    ['::1', 'http://[::1]:8080/', true],
    ['[::1]', 'http://[::1]:8080/', true],
    ['[::1]:8080', 'http://[::1]:8080/', true],
    ['[::1]:8081', 'http://[::1]:8080/', false],
    ['fd00::/8', 'http://[fd00::5]/', true],
  ];
  it.each(exempt)('NO_PROXY=%s, %s: exempt is %s', (noProxy, url, isExempt) => {
    expect(choose(url, { ...BOTH, NO_PROXY: noProxy }) === undefined).toBe(isExempt);
    expect(choose(url, { ...BOTH, no_proxy: noProxy }) === undefined).toBe(isExempt);
  });

  it.each(['socks5://s.example:1080', 'http://', 'ftp://s.example'])(
    'refuses %s instead of going past it, without its password',
    (proxy) => {
      const env = { ALL_PROXY: proxy.replace('://s', '://user:secret@s') };
      expect(() => choose('https://a.example/', env)).toThrow(
        expect.objectContaining({
          code: 'PEER_UNREACHABLE',
          message: expect.not.stringContaining('secret') as string,
        }) as Error,
      );
      expect(choose('https://a.example/', { ...env, NO_PROXY: 'a.example' })).toBeUndefined();
    },
  );

  it.each(['user:secret%', 'user%zz:secret', 'user:secret%FF', 'user%'])(
    'refuses the login %s, which nobody can decode, and says what to write',
    (login) => {
      for (const url of ['https://a.example/', 'http://a.example/']) {
        const env = { ALL_PROXY: `http://${login}@p.example:3128` };
        const refuse = (): unknown => choose(url, env);
        expect(refuse).toThrow(expect.objectContaining({ code: 'PEER_UNREACHABLE' }) as Error);
        expect(refuse).toThrow(/p\.example:3128 is not percent-encoded UTF-8: write each % in it as %25/);
        expect(refuse).not.toThrow(/secret/);
      }
    },
  );
  it('takes a login that decodes', () => {
    const proxy = 'http://user:100%25@p.example:3128/';
    expect(choose('http://a.example/', { http_proxy: proxy })).toBe(proxy);
  });
});
