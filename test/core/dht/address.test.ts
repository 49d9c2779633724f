import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { addressOf, formatAddress, formatIp, isLocalIp, isSendable, parseIp } from '../../../src/core/dht/address.ts';

const ip = (text: string): Uint8Array => {
  const bytes = parseIp(text);
  if (bytes === undefined) throw new Error(`not an IP: ${text}`);
  return bytes;
};

describe('addresses of nodes', () => {
  it.each([
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::1', '::1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['1::', '1::'],
  ])('writes %s as %s', (given, written) => {
    expect(formatIp(ip(given))).toBe(written);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1:2',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    'g::',
    '1:2:3:4:5:6:7::8',
    'localhost',
  ])('does not take %j for an IP', (text) => {
    expect(parseIp(text)).toBeUndefined();
  });

  it('reads back every IP it writes', () => {
    const ips = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
    );
    fc.assert(
      fc.property(ips, (bytes) => {
        expect(parseIp(formatIp(bytes))).toEqual(bytes);
      }),
    );
  });

  it('writes an IPv6 address in brackets', () => {
    const address = addressOf(ip('::1'), 6881);
    expect(formatAddress(address)).toBe('[::1]:6881');
    expect(formatAddress(addressOf(ip('10.0.0.1'), 1))).toBe('10.0.0.1:1');
    expect(addressOf(ip('0::1'), 6881)).toEqual(address);
  });

  it.each([
    '10.1.2.3',
    '127.9.9.9',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.0.1',
    '::1',
    'fd00::1',
    'fe80::1',
  ])('takes %s for local', (text) => {
    expect(isLocalIp(ip(text))).toBe(true);
  });

  it.each(['8.8.8.8', '172.15.0.1', '172.32.0.1', '192.169.0.1', '2001:db8::1', '::2'])(
    'takes %s for public',
    (text) => {
      expect(isLocalIp(ip(text))).toBe(false);
    },
  );

  it.each([
    ['0.0.0.0', 1],
    ['0.1.2.3', 1],
    ['224.0.0.1', 1],
    ['255.255.255.255', 1],
    ['8.8.8.8', 0],
    ['8.8.8.8', 65536],
    ['::', 1],
    ['ff02::1', 1],
    ['::ffff:8.8.8.8', 1],
  ])('sends nothing to %s port %d', (text, port) => {
    expect(isSendable(ip(text), port)).toBe(false);
  });

  it('sends to unicast addresses of both families', () => {
    expect(isSendable(ip('8.8.8.8'), 65535)).toBe(true);
    expect(isSendable(ip('2001:db8::1'), 1)).toBe(true);
    expect(isSendable(ip('127.0.0.1'), 1)).toBe(true);
  });
});
