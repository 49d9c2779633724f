import { describe, expect, it } from 'vitest';
import {
  dialableAddresses,
  dialableRelay,
  isRelayUrl,
  routeTo,
  type RelayChoice,
  type Route,
} from '../../../src/io/net/peer-address.ts';

describe('addresses of a peer that are tried', () => {
  const cases: [text: string, dialable: boolean][] = [
    ['192.0.2.1:80', true],
    ['[2001:db8::1]:65535', true],
    ['[::ffff:192.0.2.1]:1', true],
    ['192.0.2.1:0', false],
    ['192.0.2.1:65536', false],
    ['192.0.2.1', false],
    ['192.0.2:80', false],
    ['2001:db8::1:80', false],
    ['[192.0.2.1]:80', false],
    ['[fe80::1%eth0]:80', false],
    ['example.org:80', false],
    ['', false],
    ['192.0.2.1:80 ', false],
  ];
  it.each(cases)('%j: %s', (text, dialable) => {
    expect(dialableAddresses([text])).toEqual(dialable ? [text] : []);
  });

  it('are eight at most', () => {
    const many = Array.from({ length: 100 }, (_, index) => `192.0.2.1:${index + 1}`);
    expect(dialableAddresses(many)).toEqual(many.slice(0, 8));
  });
});

describe('the relay of a peer that is used', () => {
  const n0 = 'https://euc1-1.relay.n0.iroh.link./';
  const own = 'https://relay.example.org';
  const cases: [name: string, relayUrl: string | undefined, choice: RelayChoice, used: boolean][] = [
    ['any with those of n0', 'https://relay.example.net/', 'n0', true],
    ['n0 itself', n0, 'n0', true],
    ['none without relays', n0, 'none', false],
    ['an own one', own, [own], true],
    ['an own one, written with the path', `${own}/`, [own], true],
    ['a foreign one beside own ones', n0, [own], false],
    ['nothing when the peer has none', undefined, 'n0', false],
    ['nothing that is no URL', 'nonsense', 'n0', false],
    ['nothing that is a file', 'file:///etc/passwd', 'n0', false],
    ['nothing that is too long', `https://${'a'.repeat(130)}.org`, 'n0', false],
  ];
  it.each(cases)('%s', (_name, relayUrl, choice, used) => {
    expect(dialableRelay(relayUrl, choice)).toBe(used ? relayUrl : null);
  });

  it('has http or https', () => {
    expect(['http://127.0.0.1:9', 'https://a.b', 'ftp://a.b', 'a.b'].map(isRelayUrl)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('the way to a peer', () => {
  const nodeId = new Uint8Array(32);
  const own = 'https://relay.example.org';
  const direct = '192.0.2.1:80';
  const ways: [name: string, peer: { addresses: string[]; relayUrl?: string }, choice: RelayChoice, route: Route][] = [
    ['an address is enough', { addresses: [direct] }, 'none', { addresses: [direct], relay: null }],
    ['an own relay is enough', { addresses: [], relayUrl: own }, [own], { addresses: [], relay: own }],
    ['nothing is enough where n0 is asked', { addresses: [] }, 'n0', { addresses: [], relay: null }],
  ];
  it.each(ways)('%s', (_name, peer, choice, route) => {
    expect(routeTo({ nodeId, ...peer }, choice)).toEqual(route);
  });

  const nowhere: [name: string, peer: { addresses: string[]; relayUrl?: string }, choice: RelayChoice][] = [
    ['nothing, without relays', { addresses: [] }, 'none'],
    ['nothing, with own relays', { addresses: [] }, [own]],
    ['a name only', { addresses: ['example.org:80'] }, 'none'],
    ['a relay that is not used', { addresses: [], relayUrl: own }, 'none'],
  ];
  it.each(nowhere)('leads nowhere: %s', (_name, peer, choice) => {
    expect(() => routeTo({ nodeId, ...peer }, choice)).toThrow(expect.objectContaining({ code: 'PEER_UNREACHABLE' }));
  });
});
