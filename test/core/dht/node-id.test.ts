import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import { parseIp } from '../../../src/core/dht/address.ts';
import {
  compareDistance,
  distance,
  isSecureNodeId,
  secureNodeId,
  sharedPrefixBits,
} from '../../../src/core/dht/node-id.ts';
import { idOf } from '../../support/dht-samples.ts';

/** The test vectors of BEP 42: IP and a node id that is valid for it. */
const BEP_42 = [
  ['124.31.75.21', '5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401'],
  ['21.75.31.124', '5a3ce9c14e7a08645677bbd1cfe7d8f956d53256'],
  ['65.23.51.170', 'a5d43220bc8f112a3d426c84764f8c2a1150e616'],
  ['84.124.73.14', '1b0321dd1bb1fe518101ceef99462b947a01ff41'],
  ['43.213.53.83', 'e56f6cbf5b7c4be0237986d5243b87aa6d51305a'],
] as const;

const ip = (text: string): Uint8Array => parseIp(text) ?? new Uint8Array();
const ids = fc.uint8Array({ minLength: 20, maxLength: 20 });

describe('node ids', () => {
  it('agrees with all five vectors of BEP 42', () => {
    let count = 0;
    for (const [host, id] of BEP_42) {
      expect(isSecureNodeId(fromHex(id), ip(host))).toBe(true);
      expect(toHex(secureNodeId(ip(host), fromHex(id)))).toBe(id);
      count++;
    }
    expect(count).toBe(5);
  });

  it.each([
    ['first byte', 0, 0x01],
    ['second byte', 1, 0x01],
    ['21st bit', 2, 0x08],
    ['random byte', 19, 0x01],
  ])('takes an id with another %s for insecure', (_, offset, bit) => {
    const [host, hex] = BEP_42[0];
    const id = fromHex(hex);
    expect(isSecureNodeId(id.with(offset, (id[offset] ?? 0) ^ bit), ip(host))).toBe(false);
  });

  it('leaves the other bits of a secure id free', () => {
    const [host, hex] = BEP_42[0];
    const id = fromHex(hex);
    expect(isSecureNodeId(id.with(2, (id[2] ?? 0) ^ 0x07).with(10, 0), ip(host))).toBe(true);
  });

  it.each(['8.8.8.8', '2001:db8::1'])('makes ids for %s that it takes for secure, and no other', (host) => {
    fc.assert(
      fc.property(ids, (random) => {
        const id = secureNodeId(ip(host), random);
        expect(isSecureNodeId(id, ip(host))).toBe(true);
        expect(isSecureNodeId(id.with(0, (id[0] ?? 0) ^ 0x80), ip(host))).toBe(false);
      }),
    );
  });

  it.each(['127.0.0.1', '192.168.0.1', '::1'])('takes every id at %s for secure', (host) => {
    expect(isSecureNodeId(idOf(1, 2, 3), ip(host))).toBe(true);
  });

  it('orders by XOR distance', () => {
    expect(compareDistance(idOf(0b0000), idOf(0b0001), idOf(0b0010))).toBeLessThan(0);
    expect(compareDistance(idOf(0b0110), idOf(0b0100), idOf(0b0010))).toBeLessThan(0);
    expect(compareDistance(idOf(9), idOf(5), idOf(5))).toBe(0);
    expect(distance(idOf(0b1100), idOf(0b1010))).toEqual(idOf(0b0110));
  });

  it('counts shared leading bits from 0 to 160', () => {
    expect(sharedPrefixBits(idOf(0), idOf(0x80))).toBe(0);
    expect(sharedPrefixBits(idOf(0), idOf(0x01))).toBe(7);
    expect(sharedPrefixBits(idOf(5), idOf(5))).toBe(160);
    expect(sharedPrefixBits(idOf(), idOf().with(19, 1))).toBe(159);
  });
});
