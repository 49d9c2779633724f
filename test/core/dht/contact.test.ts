import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { addressOf, parseIp } from '../../../src/core/dht/address.ts';
import { decodeContacts, encodeContacts, encodeEndpoint, isLocalHost, mayName } from '../../../src/core/dht/contact.ts';
import { contactOf, idOf, localAddress, publicAddress } from '../../support/dht-samples.ts';
import { hexdump } from '../../support/hexdump.ts';

const V4 = hexdump(`
  ${'11'.repeat(20)}  # id
  7f000001            # 127.0.0.1
  1ae1                # port 6881
`);
const V6 = hexdump(`
  ${'22'.repeat(20)}                # id
  20010db8000000000000000000000001  # 2001:db8::1
  0001                              # port 1
`);

describe('compact contacts', () => {
  it('reads and writes the golden bytes of both families', () => {
    const four = contactOf(new Uint8Array(20).fill(0x11), { family: 'ipv4', host: '127.0.0.1', port: 6881 });
    const six = contactOf(new Uint8Array(20).fill(0x22), { family: 'ipv6', host: '2001:db8::1', port: 1 });
    expect(decodeContacts(V4, 'ipv4')).toEqual([four]);
    expect(decodeContacts(V6, 'ipv6')).toEqual([six]);
    expect(encodeContacts([four], 'ipv4')).toEqual(V4);
    expect(encodeContacts([six], 'ipv6')).toEqual(V6);
  });

  it('reads none from no bytes', () => {
    expect(decodeContacts(new Uint8Array(), 'ipv4')).toEqual([]);
  });

  it.each([
    ['one byte short', V4.slice(0, -1), 'ipv4'],
    ['one byte long', Uint8Array.of(...V4, 0), 'ipv4'],
    ['of the other family', V4, 'ipv6'],
  ] as const)('rejects bytes that are %s', (_, bytes, family) => {
    expect(() => decodeContacts(bytes, family)).toThrow(expect.objectContaining({ code: 'DHT_MESSAGE_MALFORMED' }));
  });

  it('leaves out contacts nobody can send to, and keeps those behind them', () => {
    const portZero = V4.with(24, 0).with(25, 0);
    const multicast = V4.with(20, 224);
    expect(decodeContacts(Uint8Array.of(...portZero, ...multicast, ...V4), 'ipv4')).toHaveLength(1);
  });

  it('is canonical: contacts it reads, it writes back byte for byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 26, maxLength: 26 }), (bytes) => {
        const contacts = decodeContacts(bytes, 'ipv4');
        if (contacts.length === 1) expect(encodeContacts(contacts, 'ipv4')).toEqual(bytes);
      }),
    );
  });

  it('does not write an address of the other family', () => {
    expect(() => encodeEndpoint(localAddress(1), 'ipv6')).toThrow(RangeError);
    expect(encodeEndpoint(localAddress(0), 'ipv4')).toEqual(Uint8Array.of(127, 0, 0, 1, 3, 232));
  });

  it('lets only local nodes name local nodes', () => {
    const inside = contactOf(idOf(1), localAddress(1));
    const outside = contactOf(idOf(2), publicAddress(1));
    expect(mayName(publicAddress(9), inside)).toBe(false);
    expect(mayName(publicAddress(9), outside)).toBe(true);
    expect(mayName(localAddress(9), inside)).toBe(true);
    expect(mayName(localAddress(9), outside)).toBe(true);
    expect(isLocalHost(addressOf(parseIp('fd00::1') ?? new Uint8Array(), 1))).toBe(true);
  });
});
