import { describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../../src/io/mirror/public-address.ts';
import { followRedirect } from '../../../src/io/mirror/redirect.ts';

const HOME = new URL('https://mirror.example/releases/');
const LAN = new URL('http://192.168.1.5/releases/');
const FROM = new URL('https://mirror.example/releases/a');

describe('followRedirect', () => {
  const followed: [name: string, location: string, from: URL, home: URL, to: string][] = [
    ['a path', '/b', FROM, HOME, 'https://mirror.example/b'],
    ['a relative path', '../b?c=d', FROM, HOME, 'https://mirror.example/b?c=d'],
    ['another host', 'https://cdn.example/b', FROM, HOME, 'https://cdn.example/b'],
    ['another public address', 'https://8.8.8.8/b', FROM, HOME, 'https://8.8.8.8/b'],
    ['http to https', 'https://192.168.1.5/b', new URL('http://192.168.1.5/a'), LAN, 'https://192.168.1.5/b'],
    ['another port of a private mirror', 'http://192.168.1.5:81/b', new URL('a', LAN), LAN, 'http://192.168.1.5:81/b'],
  ];
  it.each(followed)('follows %s', (_, location, from, home, to) => {
    expect(followRedirect(location, from, home).href).toBe(to);
  });

  const refused: [name: string, location: string | undefined, from: URL, home: URL][] = [
    ['none', undefined, FROM, HOME],
    ['no address', 'https://[', FROM, HOME],
    ['a file', 'file:///etc/passwd', FROM, HOME],
    ['data', 'data:,x', FROM, HOME],
    ['https to http', 'http://mirror.example/b', FROM, HOME],
    ['a password', 'https://a:b@mirror.example/b', FROM, HOME],
    ['an endless address', `/${'x'.repeat(2048)}`, FROM, HOME],
    ['loopback', 'https://127.0.0.1/', FROM, HOME],
    ['loopback as a number', 'https://2130706433/', FROM, HOME],
    ['loopback in hex', 'https://0x7f.1/', FROM, HOME],
    ['IPv6 loopback', 'https://[::1]/', FROM, HOME],
    ['IPv4 in IPv6', 'https://[::ffff:10.0.0.1]/', FROM, HOME],
    ['the metadata service', 'http://169.254.169.254/latest', new URL('http://mirror.example/a'), HOME],
    ['another host of the same private network', 'http://192.168.1.6/b', new URL('a', LAN), LAN],
  ];
  it.each(refused)('refuses %s', (_, location, from, home) => {
    expect(() => followRedirect(location, from, home)).toThrow(
      expect.objectContaining({ code: 'PEER_MISBEHAVED' }) as Error,
    );
  });
});

describe('isPublicAddress', () => {
  it.each(['1.1.1.1', '100.128.0.1', '172.32.0.1', '2606:4700::1111', '64:ff9b::808:808', '2002:808:808::1'])(
    '%s is',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '100.127.9.9', '127.0.0.1', '169.254.1.1', '172.16.0.1', '192.168.0.1'],
    ...['224.0.0.1', '255.255.255.255', '::', '::1', '::ffff:8.8.8.8', 'fe80::1', 'fd00::1', 'ff02::1'],
    ...['64:ff9b::a00:1', '2002:7f00:1::', '64:ff9b:1::1', 'no address', ''],
  ])('%s is not', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});
